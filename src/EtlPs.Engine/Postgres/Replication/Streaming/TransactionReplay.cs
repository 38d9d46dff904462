using System.Buffers.Binary;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Postgres.Replication.Streaming;

/// <summary>
/// A committed transaction's messages, as if the server had sent it whole: BEGIN, what remained, COMMIT.
/// </summary>
internal sealed class TransactionReplay : IDisposable
{
    private const int XidLength = sizeof(uint);

    private readonly TransactionSpool _spool;
    private readonly AnnouncedRelations _announced;
    private readonly SegmentReader _reader;
    private readonly byte[] _begin;
    private readonly byte[] _commit;
    private readonly Queue<uint> _outdated = [];
    private Step _step;
    private int _relations;

    /// <param name="streamCommit">The STREAM COMMIT message.</param>
    /// <param name="spool">The transaction that it ends; disposed with this.</param>
    /// <param name="announced">What the reader of the stream was told of relations.</param>
    /// <param name="compression">Restores the spool's blocks.</param>
    public TransactionReplay(
        ReadOnlySpan<byte> streamCommit, TransactionSpool spool, AnnouncedRelations announced,
        BlockCompression compression)
    {
        _spool = spool;
        _announced = announced;
        // BEGIN: the commit's LSN, its time, the xid. COMMIT: as STREAM COMMIT, without the xid.
        _begin = new byte[1 + 8 + 8 + XidLength];
        _begin[0] = (byte)PgOutputKind.Begin;
        streamCommit.Slice(1 + XidLength + 1, 8).CopyTo(_begin.AsSpan(1));
        streamCommit[^8..].CopyTo(_begin.AsSpan(9));
        streamCommit.Slice(1, XidLength).CopyTo(_begin.AsSpan(17));
        _commit = new byte[streamCommit.Length - XidLength];
        _commit[0] = (byte)PgOutputKind.Commit;
        streamCommit[(1 + XidLength)..].CopyTo(_commit.AsSpan(1));
        try
        {
            _reader = spool.Complete(compression);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    private enum Step
    {
        Begin,
        Changes,
        Commit,
        Over,
    }

    /// <summary>The current message, valid until the next step.</summary>
    public ReadOnlyMemory<byte> Message { get; private set; }

    public bool MoveNext()
    {
        switch (_step)
        {
            case Step.Begin:
                Message = _begin;
                _step = Step.Changes;
                return true;
            case Step.Changes when MoveToChange() || MoveToOutdated():
                return true;
            case Step.Changes:
                Message = _commit;
                _step = Step.Commit;
                return true;
            default:
                _step = Step.Over;
                return false;
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _spool.Dispose();
    }

    private bool MoveToChange()
    {
        while (_spool.Read(_reader, out var frame))
        {
            var isRelation = frame.Payload.Span[0] == (byte)PgOutputKind.Relation;
            var order = isRelation ? _spool.Relations[_relations++] : 0;
            if (_spool.IsAborted(frame.Xid)) continue;
            if (isRelation && _announced.Pass(frame.Payload.Span, order) is { } outdated
                && !_outdated.Contains(outdated))
                _outdated.Enqueue(outdated);
            Message = frame.Payload;
            return true;
        }
        return false;
    }

    /// <summary>
    /// This transaction's rows needed an older announcement than the reader knew: it gets the newer one back.
    /// </summary>
    private bool MoveToOutdated()
    {
        if (!_outdated.TryDequeue(out var relation)) return false;
        Message = _announced.Newest(relation);
        return true;
    }
}
