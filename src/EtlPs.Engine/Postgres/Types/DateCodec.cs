using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>date: days since 2000 in Postgres, since 1970 in DuckDB. All of Postgres's dates fit.</summary>
internal sealed class DateCodec : ColumnCodec
{
    private const int Infinity = int.MaxValue;
    private const int MinusInfinity = -int.MaxValue;

    public override string DuckDbType => "DATE";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(int))
            throw Malformed("binary");
        var days = BinaryPrimitives.ReadInt32BigEndian(wire);
        vector.Set(row, days switch
        {
            int.MaxValue => Infinity,
            int.MinValue => MinusInfinity,
            > int.MaxValue - 1 - DateTimeText.EpochDays => throw Malformed("binary"),
            _ => days + DateTimeText.EpochDays,
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
        text.ReadEra();
        if (!text.TryReadDate(out var days) || !text.IsAtEnd || days >= Infinity || days <= MinusInfinity)
            throw Malformed("text");
        vector.Set(row, (int)days);
    }
}
