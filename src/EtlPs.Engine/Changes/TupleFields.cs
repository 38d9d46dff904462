using System.Buffers.Binary;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Changes;

/// <summary>
/// Where each column's value stands in a pgoutput TupleData: its int16 column count, then for each column a kind byte
/// and, for values, an int32 length and the bytes. One instance is used again for row after row.
/// </summary>
internal sealed class TupleFields(int columnCount)
{
    public const byte Null = (byte)'n';
    public const byte Unchanged = (byte)'u';
    public const byte Text = (byte)'t';
    public const byte Binary = (byte)'b';

    private readonly byte[] _kinds = new byte[columnCount];
    private readonly int[] _offsets = new int[columnCount];
    private readonly int[] _lengths = new int[columnCount];

    /// <summary>How many columns a tuple has.</summary>
    public int Count => _kinds.Length;

    /// <summary>Bytes of the tuple that was read last.</summary>
    public int TupleLength { get; private set; }

    /// <summary>Whether any column's value is an unchanged TOAST value that was not sent.</summary>
    public bool HasUnchanged { get; private set; }

    public byte Kind(int column) => _kinds[column];

    public int Offset(int column) => _offsets[column];

    public int Length(int column) => _lengths[column];

    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> tuple, int column) =>
        tuple.Slice(_offsets[column], _lengths[column]);

    /// <summary>Walks the tuple at the front of <paramref name="tuple"/>.</summary>
    /// <exception cref="EtlException">ProtocolViolation: it is cut off, or has another number of columns.</exception>
    public void Read(ReadOnlySpan<byte> tuple)
    {
        if (tuple.Length < 2 || BinaryPrimitives.ReadInt16BigEndian(tuple) != _kinds.Length) throw Malformed();
        HasUnchanged = false;
        var position = 2;
        for (var column = 0; column < _kinds.Length; column++)
        {
            if (position >= tuple.Length) throw Malformed();
            var kind = tuple[position++];
            _kinds[column] = kind;
            if (kind is Binary or Text)
            {
                if (tuple.Length - position < 4) throw Malformed();
                var length = BinaryPrimitives.ReadInt32BigEndian(tuple[position..]);
                position += 4;
                if (length < 0 || length > tuple.Length - position) throw Malformed();
                _offsets[column] = position;
                _lengths[column] = length;
                position += length;
                continue;
            }
            if (kind == Unchanged) HasUnchanged = true;
            else if (kind != Null) throw Malformed();
            _offsets[column] = position;
            _lengths[column] = 0;
        }
        TupleLength = position;
    }

    /// <summary>The error for a tuple that cannot be what the protocol allows.</summary>
    public static EtlException Malformed() => new(
        EtlErrorCode.ProtocolViolation,
        "The server sent a row that is cut off or does not have the columns it announced.",
        "Start the stream again; if it happens again, report it with the server's version.");
}
