namespace EtlPs.Engine.Changes;

/// <summary>A column's type as the source's catalog has it.</summary>
/// <param name="Oid">The type's oid; built-in types have the same one on every server.</param>
/// <param name="Modifier">atttypmod: -1 where there is none.</param>
/// <param name="DisplayName">What <c>format_type(oid, typmod)</c> says, for people: <c>numeric(10,2)</c>.</param>
public sealed record PostgresType(uint Oid, int Modifier, string DisplayName);
