using System.Buffers.Binary;
using System.Text;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Postgres.Replication.Streaming;

/// <summary>
/// The messages of one transaction that has not committed, as they came: what they mean is decided at its commit. In
/// memory as long as the folder's share of it lasts, then in a file.
/// </summary>
internal sealed class TransactionSpool : IDisposable
{
    // Behind the kind byte, every message inside a chunk tells the subtransaction that it belongs to.
    private const int XidEnd = 1 + sizeof(uint);

    private readonly SpoolFolder _folder;
    private readonly uint _xid;
    private readonly SegmentWriter _writer;
    private readonly List<long> _relations = [];

    // Kept as ids rather than by cutting the segment, which could then not be written front to back.
    private readonly HashSet<uint> _aborted = [];
    private Stream _stored = new MemoryStream();
    private long _inMemory;

    public TransactionSpool(uint xid, SpoolFolder folder, BlockCompression compression)
    {
        _xid = xid;
        _folder = folder;
        _writer = new SegmentWriter(
            _stored, SegmentKind.OpenTransaction, Encoding.UTF8.GetBytes($$"""{"xid":{{xid}}}"""), compression);
    }

    /// <summary>When each of its RELATION messages was sent, in their order here.</summary>
    public IReadOnlyList<long> Relations => _relations;

    /// <summary>Keeps a message, without its xid.</summary>
    /// <exception cref="Pipelines.Errors.EtlException">DestinationFull, DestinationUnavailable.</exception>
    public void Add(ReadOnlySpan<byte> message, AnnouncedRelations announced)
    {
        if (message.Length < XidEnd) throw PgOutputReader.Violation("a streamed message ends too early");
        var xid = BinaryPrimitives.ReadUInt32BigEndian(message[1..]);
        if (message[0] == (byte)PgOutputKind.Relation) _relations.Add(announced.Next());
        try
        {
            _writer.Add(FrameKind.Message, xid, message[0], message[XidEnd..]);
            if (_stored is MemoryStream && _stored.Length != _inMemory) TakeMemory();
        }
        catch (IOException e)
        {
            throw SpoolFolder.Failed(e, _folder.Path);
        }
    }

    /// <summary>
    /// Leaves out what a subtransaction did. Its own subtransactions are each told apart by the server.
    /// </summary>
    public void Abort(uint subXid) => _aborted.Add(subXid);

    public bool IsAborted(uint subXid) => _aborted.Count > 0 && _aborted.Contains(subXid);

    /// <summary>Ends the writing, and opens what was written.</summary>
    public SegmentReader Complete(BlockCompression compression)
    {
        try
        {
            _writer.Complete();
            _stored.Position = 0;
            return new SegmentReader(_stored, SegmentKind.OpenTransaction, compression);
        }
        catch (IOException e)
        {
            throw SpoolFolder.Failed(e, _folder.Path);
        }
    }

    /// <summary>Reads on in what <see cref="Complete"/> opened.</summary>
    public bool Read(SegmentReader reader, out SegmentFrame frame)
    {
        try
        {
            return reader.Read(out frame);
        }
        catch (IOException e)
        {
            throw SpoolFolder.Failed(e, _folder.Path);
        }
    }

    public void Dispose()
    {
        _writer.Dispose();
        SpoolFolder.Remove(_stored);
        _folder.MemoryUsed -= _inMemory;
        _inMemory = 0;
    }

    private void TakeMemory()
    {
        _folder.MemoryUsed += _stored.Length - _inMemory;
        _inMemory = _stored.Length;
        if (!_folder.IsMemoryFull) return;
        var file = _folder.Create(_xid);
        var memory = (MemoryStream)_stored;
        // From here on the file is what has to be removed, whatever becomes of the copying.
        _stored = _writer.Target = file;
        memory.WriteTo(file);
        _folder.MemoryUsed -= _inMemory;
        _inMemory = 0;
    }
}
