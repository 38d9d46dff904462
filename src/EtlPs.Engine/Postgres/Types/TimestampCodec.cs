using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// timestamp and timestamptz: microseconds since 2000 in Postgres, since 1970 in DuckDB, so that DuckDB's last one,
/// 294247-01-10 04:00:54.775806, comes 30 years before Postgres's.
/// </summary>
internal sealed class TimestampCodec(bool withTimeZone) : ColumnCodec
{
    private const long EpochMicros = DateTimeText.EpochDays * DateTimeText.MicrosPerDay;
    private const long Infinity = long.MaxValue;
    private const long MinusInfinity = -long.MaxValue;
    private const string BeyondLast = "beyond DuckDB's last timestamp";

    public override string DuckDbType => withTimeZone ? "TIMESTAMPTZ" : "TIMESTAMP";

    public override bool HoldsEveryValue => false;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(long))
            throw Malformed("binary");
        var micros = BinaryPrimitives.ReadInt64BigEndian(wire);
        if (micros is > Infinity - 1 - EpochMicros and not long.MaxValue)
        {
            Refuse(vector, row, BeyondLast);
            return;
        }

        vector.Set(row, micros switch
        {
            long.MaxValue => Infinity,
            long.MinValue => MinusInfinity,
            _ => micros + EpochMicros,
        });
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.SequenceEqual("infinity"u8))
        {
            vector.Set(row, Infinity);
            return;
        }

        if (wire.SequenceEqual("-infinity"u8))
        {
            vector.Set(row, MinusInfinity);
            return;
        }

        var text = new DateTimeText(wire);
        long offset = 0;
        text.ReadEra();
        if (!text.TryReadDate(out var days) || !text.TryReadSeparator()
            || !text.TryReadTime(out var time) || (withTimeZone && !text.TryReadOffset(out offset)) || !text.IsAtEnd)
            throw Malformed("text");
        var micros = ((Int128)days * DateTimeText.MicrosPerDay) + time - offset;
        if (micros <= MinusInfinity)
            throw Malformed("text");
        if (micros >= Infinity)
            Refuse(vector, row, BeyondLast);
        else
            vector.Set(row, (long)micros);
    }
}
