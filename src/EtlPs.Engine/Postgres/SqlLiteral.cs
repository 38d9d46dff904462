namespace EtlPs.Engine.Postgres;

/// <summary>Texts within statements that cannot take parameters.</summary>
internal static class SqlLiteral
{
    /// <summary>An escape string, which reads the same whatever standard_conforming_strings is.</summary>
    public static string Of(string text) =>
        $"E'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
