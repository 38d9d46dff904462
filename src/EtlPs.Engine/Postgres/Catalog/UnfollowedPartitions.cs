using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>
/// Partitions of one table whose changes no stream has as they are needed: their rows can be copied once at most.
/// </summary>
/// <param name="Cause">Why.</param>
/// <param name="Names">Their names as SQL takes them in the session that told them.</param>
/// <param name="IsTheTable">Whether it is the pipeline's table itself.</param>
internal sealed record UnfollowedPartitions(UnfollowedCause Cause, IReadOnlyList<string> Names, bool IsTheTable)
{
    private const int MostOfMessage = 3;

    private string Words => Cause switch
    {
        UnfollowedCause.Foreign => "is a foreign table: its rows are another server's",
        UnfollowedCause.Unlogged => "is unlogged: its changes are not in the WAL",
        _ => "has a replica identity of its own, by which it does not log what the table's rows are found by: rows "
            + "that were updated or deleted there would stay",
    };

    private IEnumerable<string> Statements => Cause switch
    {
        UnfollowedCause.Foreign => [],
        UnfollowedCause.Unlogged => Names.Select(n => $"ALTER TABLE {n} SET LOGGED;"),
        _ => Names.Select(n => $"ALTER TABLE {n} REPLICA IDENTITY FULL;"),
    };

    private string Remedy => Cause == UnfollowedCause.Foreign
        ? "Detach it, and make a pipeline from that server;"
        : "Let the owner run: "
        + $"{string.Join(' ', Statements.Take(MostOfMessage))}{(Names.Count > MostOfMessage ? " …" : "")}";

    /// <summary>In the way of a copy that a stream is to follow.</summary>
    public EtlException Refuse(TableName table) => Error(
        Cause == UnfollowedCause.OtherKey ? EtlErrorCode.NoReplicaIdentity : EtlErrorCode.TableNotFound,
        table,
        $"{Remedy} or copy the table once, with -SnapshotOnly.");

    /// <summary>In a table that a stream follows already.</summary>
    public EtlException SetAside(TableName table) =>
        Error(EtlErrorCode.SchemaChanged, table, $"{Remedy} then copy the table again with Reset-EtlTable.");

    private EtlException Error(EtlErrorCode code, TableName table, string remedy) =>
        new(code, $"Partition {(IsTheTable ? table : $"{Names[0]} of {table}")} {Words}.", remedy)
        {
            Subject = table.ToString(), Sql = Cause == UnfollowedCause.Foreign ? null : string.Join('\n', Statements),
        };
}
