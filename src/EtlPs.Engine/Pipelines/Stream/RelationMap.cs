using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Ties pgoutput's relation ids (the tables' oids) to the tables of the pipeline. RELATION is sent again on any cache
/// invalidation, mostly without a change; a true change counts only once a row of that shape has to be stored.
/// </summary>
internal sealed class RelationMap(IEnumerable<StreamedTable> tables)
{
    private readonly Dictionary<uint, StreamedTable> _tables = tables.ToDictionary(t => t.Schema.Oid);
    private readonly Dictionary<uint, Relation> _relations = [];

    /// <summary>Called at each RELATION: whatever touched a table at the source is followed by one.</summary>
    public Action? Announced { get; init; }

    /// <summary>Takes a RELATION message.</summary>
    public void Announce(ReadOnlySpan<byte> message)
    {
        var relation = RelationMessage.Read(message);
        _relations[relation.RelationId] = Compare(relation);
        Announced?.Invoke();
    }

    /// <summary>Takes in a table, or a newer copy of one, that rows are stored in from its LSN on.</summary>
    public void Replace(StreamedTable table)
    {
        _tables[table.Schema.Oid] = table;
        // It may have been announced already, and is not announced again before it changes.
        if (_relations.TryGetValue(table.Schema.Oid, out var known))
            _relations[table.Schema.Oid] = Compare(known.Announced);
    }

    private Relation Compare(RelationMessage announced) => _tables.TryGetValue(announced.RelationId, out var table)
        ? new Relation(
            announced, table, RelationShape.Problem(table.Schema, announced),
            RelationShape.OldRowProblem(table.Schema, announced))
        : new Relation(announced, null, null, null);

    /// <summary>
    /// The table that a change at <paramref name="commitLsn"/> has to be stored in; null: not one of ours, or the copy
    /// holds it already.
    /// </summary>
    /// <param name="relationId">What the message names.</param>
    /// <param name="commitLsn">Where its transaction commits.</param>
    /// <param name="needsOldRow">Whether it is an UPDATE or DELETE.</param>
    /// <exception cref="TableFailedException">The table no longer looks as it was copied.</exception>
    public StreamedTable? Find(uint relationId, Lsn commitLsn, bool needsOldRow)
    {
        if (!_relations.TryGetValue(relationId, out var relation))
            throw new EtlException(
                EtlErrorCode.ProtocolViolation,
                "The server sent a row of a table that it had not announced.",
                "Start the stream again; if it happens again, report it with the server's version.");
        if (relation.Table is null || commitLsn < relation.Table.CopiedAt) return null;
        if ((relation.Problem ?? (needsOldRow ? relation.OldRowProblem : null)) is { } problem)
            throw new TableFailedException(relation.Table.Schema.Oid, relation.Table.Schema.Name, problem);
        return relation.Table;
    }

    private readonly record struct Relation(
        RelationMessage Announced, StreamedTable? Table, EtlException? Problem, EtlException? OldRowProblem);
}
