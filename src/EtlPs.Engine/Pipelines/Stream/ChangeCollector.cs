using System.Buffers.Binary;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Sorts pgoutput messages into batches: keeps the row changes that have to be stored, as they came, and knows where
/// transactions end. Decoding values is the destination's work, on another thread.
/// </summary>
/// <param name="relations">The pipeline's tables.</param>
/// <param name="stored">The destination's position: a transaction that ended at or below it is old.</param>
internal sealed class ChangeCollector(RelationMap relations, Lsn stored)
{
    private Lsn _commitLsn;
    private bool _isOld;

    /// <summary>Whether a transaction has begun and not yet ended.</summary>
    public bool InTransaction { get; private set; }

    /// <summary>Whether changes of a transaction that has not ended yet are among what was collected.</summary>
    public bool HasOpenChanges { get; private set; }

    /// <summary>Where the transaction that began last commits.</summary>
    public Lsn CommitLsn => _commitLsn;

    /// <summary>Takes one message into <paramref name="batch"/>.</summary>
    public void Take(ReadOnlySpan<byte> message, ChangeBatch batch)
    {
        switch ((PgOutputKind)(message.Length == 0 ? 0 : message[0]))
        {
            case PgOutputKind.Begin:
                _commitLsn = BeginMessage.Read(message).FinalLsn;
                _isOld = _commitLsn < stored;
                InTransaction = true;
                break;
            case PgOutputKind.Commit:
                Commit(CommitMessage.Read(message), batch);
                break;
            case PgOutputKind.Relation:
                relations.Announce(message);
                break;
            case PgOutputKind.Insert or PgOutputKind.Update or PgOutputKind.Delete:
                if (!_isOld && message.Length > 5) TakeRow(message, batch);
                break;
            case PgOutputKind.Truncate:
                if (!_isOld) TakeTruncate(TruncateMessage.Read(message), batch);
                break;
        }
    }

    private void TakeRow(ReadOnlySpan<byte> message, ChangeBatch batch)
    {
        var needsOldRow = message[0] != (byte)PgOutputKind.Insert;
        if (relations.Find(BinaryPrimitives.ReadUInt32BigEndian(message[1..]), _commitLsn, needsOldRow)
            is not { } table) return;
        batch.Changes.Add(new RowChange(table, batch.Arena.Add(message)));
        HasOpenChanges = true;
    }

    private void TakeTruncate(TruncateMessage message, ChangeBatch batch)
    {
        foreach (var relation in message.RelationIds)
        {
            if (relations.Find(relation, _commitLsn, needsOldRow: false) is not { } table) continue;
            batch.Changes.Add(new RowChange(table, default));
            HasOpenChanges = true;
        }
    }

    private void Commit(CommitMessage commit, ChangeBatch batch)
    {
        var hadChanges = HasOpenChanges;
        InTransaction = false;
        HasOpenChanges = false;
        if (_isOld) return;
        // Postgres 14 sends transactions that changed nothing of ours, too.
        batch.Commit(commit.EndLsn, commit.CommitTime, hadChanges);
    }
}
