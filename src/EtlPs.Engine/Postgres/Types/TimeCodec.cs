using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>time: microseconds since midnight on both sides, 24:00:00 included.</summary>
internal sealed class TimeCodec : ColumnCodec
{
    public override string DuckDbType => "TIME";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(long))
            throw Malformed("binary");
        var micros = BinaryPrimitives.ReadInt64BigEndian(wire);
        if ((ulong)micros > DateTimeText.MicrosPerDay)
            throw Malformed("binary");
        vector.Set(row, micros);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var text = new DateTimeText(wire);
        if (!text.TryReadTime(out var micros) || !text.IsAtEnd)
            throw Malformed("text");
        vector.Set(row, micros);
    }
}
