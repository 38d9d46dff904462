namespace EtlPs.Engine.Tests.Types;

/// <summary>Values of one Postgres type, and how each side says in its own SQL what a value is.</summary>
public sealed record TypeCase(string PostgresType, string DuckDbType, string PostgresText, string DuckDbText, string[] Values)
{
    public override string ToString() => PostgresType;
}
