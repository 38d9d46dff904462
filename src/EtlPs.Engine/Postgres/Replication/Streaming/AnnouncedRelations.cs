using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Replication.Streaming;

/// <summary>
/// The order in which the server sent RELATION messages. It assumes that the reader of the stream knows the one it sent
/// last, but a streamed transaction's are read only at its commit, when a newer one may have been read already.
/// </summary>
internal sealed class AnnouncedRelations
{
    private readonly Dictionary<uint, Announcement> _last = [];
    private long _sent;

    /// <summary>The number of a RELATION message that has just come.</summary>
    public long Next() => ++_sent;

    /// <summary>Notes that the reader gets a message now.</summary>
    /// <returns>The relation that has to be announced again, because the reader knows a newer message; null:
    /// none.</returns>
    public uint? Pass(ReadOnlySpan<byte> message, long order)
    {
        if (message.Length < 5) return null;
        var relation = BinaryPrimitives.ReadUInt32BigEndian(message[1..]);
        if (_last.TryGetValue(relation, out var known) && known.Order > order)
            return message.SequenceEqual(known.Message) ? null : relation;
        _last[relation] = new Announcement(order, message.ToArray());
        return null;
    }

    /// <summary>The newest message that the reader was given about a relation.</summary>
    public ReadOnlyMemory<byte> Newest(uint relation) => _last[relation].Message;

    private readonly record struct Announcement(long Order, byte[] Message);
}
