namespace EtlPs.Engine.Tests.Types;

/// <summary>Values of one Postgres type, and how each side says in its own SQL what a value is.</summary>
public sealed record TypeCase(string PostgresType, string DuckDbType, string PostgresText, string DuckDbText, string[] Values)
{
    /// <summary>The major version that the type came with, where a server that we accept lacks it.</summary>
    public string? Since { get; init; }

    public override string ToString() => PostgresType;
}
