namespace EtlPs.Engine.Changes;

/// <summary>What a loss says of its value. Whatever was not rounded is NULL.</summary>
internal static class LossKind
{
    /// <summary>How the kind of a rounded value begins, and no other.</summary>
    public const string RoundedPrefix = "rounded to ";

    /// <param name="duckDbType">What it was rounded to.</param>
    public static string Rounded(string duckDbType) => RoundedPrefix + duckDbType;
}
