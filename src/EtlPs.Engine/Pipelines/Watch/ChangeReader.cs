using System.Buffers.Binary;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Postgres.Values;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>Makes changes of pgoutput messages in protocol 1, where every transaction comes whole.</summary>
/// <param name="types">How values are read.</param>
/// <param name="patterns">The tables that are told; none: all.</param>
internal sealed class ChangeReader(ValueTypes types, IReadOnlyList<TablePattern> patterns)
{
    private readonly Dictionary<uint, WatchedRelation?> _relations = [];
    private readonly PinnedArena _arena = new();
    private BeginMessage _transaction;

    /// <summary>Where the transaction that began last commits.</summary>
    public Lsn CommitLsn => _transaction.FinalLsn;

    /// <summary>Whether a transaction has begun and not ended yet.</summary>
    public bool IsInTransaction { get; private set; }

    /// <summary>The end of the last transaction that is complete.</summary>
    public Lsn Position { get; private set; }

    /// <summary>Takes one message; most hold one change, a TRUNCATE one for each table.</summary>
    public IEnumerable<SourceChange> Read(ReadOnlySpan<byte> message)
    {
        switch ((PgOutputKind)(message.Length == 0 ? 0 : message[0]))
        {
            case PgOutputKind.Begin:
                _transaction = BeginMessage.Read(message);
                IsInTransaction = true;
                return [];
            case PgOutputKind.Commit:
                Position = CommitMessage.Read(message).EndLsn;
                IsInTransaction = false;
                return [];
            case PgOutputKind.Relation:
                var relation = RelationMessage.Read(message);
                _relations[relation.RelationId] = IsWatched(relation.Name)
                    ? new WatchedRelation(relation, types)
                    : null;
                return [];
            case PgOutputKind.Insert or PgOutputKind.Update or PgOutputKind.Delete when message.Length > 5:
                if (Find(BinaryPrimitives.ReadUInt32BigEndian(message[1..])) is not { } changed) return [];
                _arena.Clear();
                return [changed.Read(_arena.Add(message), _transaction)];
            case PgOutputKind.Truncate:
                return [.. TruncateMessage.Read(message).RelationIds.Select(Find).OfType<WatchedRelation>()
                    .Select(Truncated)];
            default:
                return [];
        }
    }

    private bool IsWatched(TableName table) => patterns.Count == 0 || patterns.Any(p => p.Matches(table));

    private WatchedRelation? Find(uint relation) => _relations.TryGetValue(relation, out var known)
        ? known
        : throw PgOutputReader.Violation("a row's table was not announced");

    private SourceChange Truncated(WatchedRelation table) => new(
        table.Name, ChangeKind.Truncate, null, null, [], true, [], _transaction.FinalLsn, _transaction.CommitTime,
        _transaction.Xid);
}
