using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A partition whose changes no stream ever has: its rows can be copied once at most.</summary>
/// <param name="Table">The table that it belongs to, at any depth, or that it is itself.</param>
/// <param name="Oid">pg_class.oid.</param>
/// <param name="Name">Its name as SQL takes it in the session that told it.</param>
/// <param name="IsForeign">Whether its rows are another server's; else it is unlogged.</param>
internal sealed record UnfollowedPartition(uint Table, uint Oid, string Name, bool IsForeign)
{
    private string Cause =>
        IsForeign ? "is a foreign table: its rows are another server's" : "is unlogged: its changes are not in the WAL";

    private string Remedy => IsForeign
        ? "Detach it, and make a pipeline from that server;"
        : $"Let the owner run: {Statement}";

    private string Statement => $"ALTER TABLE {Name} SET LOGGED;";

    /// <summary>In the way of a copy that a stream is to follow.</summary>
    public EtlException Refuse(TableName table) =>
        Error(EtlErrorCode.TableNotFound, table, $"{Remedy} or copy the table once, with -SnapshotOnly.");

    /// <summary>In a table that a stream follows already.</summary>
    public EtlException SetAside(TableName table) =>
        Error(EtlErrorCode.SchemaChanged, table, $"{Remedy} then copy the table again with Reset-EtlTable.");

    private EtlException Error(EtlErrorCode code, TableName table, string remedy) =>
        new(code, $"Partition {(Oid == Table ? table : $"{Name} of {table}")} {Cause}.", remedy)
        {
            Subject = table.ToString(), Sql = IsForeign ? null : Statement,
        };
}
