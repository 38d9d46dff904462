using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// interval: months, days and microseconds, each on its own on both sides; DuckDB has no infinite one.
/// </summary>
internal sealed class IntervalCodec : ColumnCodec
{
    private const string Infinite = "an infinite interval";

    public override string DuckDbType => "INTERVAL";

    public override bool HoldsEveryValue => false;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != 16)
            throw Malformed("binary");
        var micros = BinaryPrimitives.ReadInt64BigEndian(wire);
        var days = BinaryPrimitives.ReadInt32BigEndian(wire[8..]);
        var months = BinaryPrimitives.ReadInt32BigEndian(wire[12..]);
        Write(months, days, micros, vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.SequenceEqual("infinity"u8) || wire.SequenceEqual("-infinity"u8))
        {
            Refuse(vector, row, Infinite);
            return;
        }

        var text = new IntervalText(wire);
        if (!text.TryRead(out var months, out var days, out var micros))
            throw Malformed("text");
        Write(months, days, micros, vector, row);
    }

    private static void Write(int months, int days, long micros, ColumnVector vector, int row)
    {
        // What Postgres 17 reads as infinite; before, it was the greatest of all intervals.
        if ((months, days, micros) is (int.MaxValue, int.MaxValue, long.MaxValue)
            or (int.MinValue, int.MinValue, long.MinValue))
            Refuse(vector, row, Infinite);
        else
            vector.Set(row, new DuckDbInterval(months, days, micros));
    }

    private readonly record struct DuckDbInterval(int Months, int Days, long Micros);
}
