using System.Buffers.Binary;
using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>
/// Reads a message's fields in order; whatever does not fit is a ProtocolViolation, never an index out of range.
/// </summary>
internal ref struct PgOutputReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _message;
    private int _position;

    private PgOutputReader(ReadOnlySpan<byte> message) => _message = message;

    public readonly int Remaining => _message.Length - _position;

    public readonly int Position => _position;

    /// <summary>Starts behind the kind byte, which must be the one expected.</summary>
    public static PgOutputReader Open(ReadOnlySpan<byte> message, PgOutputKind expected)
    {
        var reader = new PgOutputReader(message);
        if (reader.ReadByte() != (byte)expected)
            throw Violation($"a message is not of the kind {expected}");
        return reader;
    }

    /// <summary>Starts at the first byte of anything.</summary>
    public static PgOutputReader Open(ReadOnlySpan<byte> bytes) => new(bytes);

    public byte ReadByte() => Take(1)[0];

    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public Lsn ReadLsn() => new(BinaryPrimitives.ReadUInt64BigEndian(Take(8)));

    /// <summary>Microseconds since 2000-01-01 UTC.</summary>
    public DateTimeOffset ReadTime()
    {
        var microseconds = BinaryPrimitives.ReadInt64BigEndian(Take(8));
        var epoch = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
        // A source with a mad clock must not stop a stream over a time that is only told, never computed with.
        if (microseconds > (DateTimeOffset.MaxValue - epoch).Ticks / 10)
            return DateTimeOffset.MaxValue;
        if (microseconds < (DateTimeOffset.MinValue - epoch).Ticks / 10)
            return DateTimeOffset.MinValue;
        return epoch.AddTicks(microseconds * 10);
    }

    /// <summary>A zero-terminated string.</summary>
    public string ReadString()
    {
        var length = _message[_position..].IndexOf((byte)0);
        if (length < 0)
            throw Truncated();
        try
        {
            return StrictUtf8.GetString(Take(length + 1)[..length]);
        }
        catch (DecoderFallbackException)
        {
            throw Violation("a name is not UTF-8");
        }
    }

    public ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)(_message.Length - _position))
            throw Truncated();
        var taken = _message.Slice(_position, length);
        _position += length;
        return taken;
    }

    public readonly void RequireEnd()
    {
        if (Remaining != 0)
            throw Violation($"a message has {Remaining} bytes too many");
    }

    public static EtlException Violation(string what) => new(
        EtlErrorCode.ProtocolViolation,
        $"The replication stream cannot be read: {what}.",
        "Nothing of the transaction was stored. Start the stream again; "
        + "if it stops here again, report it with the server's version.");

    private static EtlException Truncated() => Violation("a message ends too early");
}
