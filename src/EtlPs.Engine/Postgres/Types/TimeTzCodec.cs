using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// timetz: DuckDB keeps microseconds and offset in one number, the offset to the second as Postgres does.
/// </summary>
internal sealed class TimeTzCodec : ColumnCodec
{
    private const int OffsetBits = 24;
    private const int SecondsPerHour = 3600;
    private const int GreatestOffset = (16 * SecondsPerHour) - 1;
    private const long MicrosPerSecond = 1_000_000;

    public override string DuckDbType => "TIMETZ";

    // DuckDB prints an offset of seconds as one of minutes.
    public override string PostgresText(string value)
    {
        var offset = $"abs(datepart('timezone', {value}))";
        return $"{value}::TIME::VARCHAR || CASE WHEN datepart('timezone', {value}) < 0 THEN '-' ELSE '+' END "
            + $"|| printf('%02d:%02d:%02d', {offset} // 3600, {offset} // 60 % 60, {offset} % 60)";
    }

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != sizeof(long) + sizeof(int))
            throw Malformed("binary");
        var micros = BinaryPrimitives.ReadInt64BigEndian(wire);
        // Postgres counts west as positive.
        var offset = -(long)BinaryPrimitives.ReadInt32BigEndian(wire[8..]);
        if ((ulong)micros > DateTimeText.MicrosPerDay || Math.Abs(offset) > GreatestOffset)
            throw Malformed("binary");
        Write(micros, offset, vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var text = new DateTimeText(wire);
        if (!text.TryReadTime(out var micros) || !text.TryReadOffset(out var offset) || !text.IsAtEnd
            || Math.Abs(offset / MicrosPerSecond) > GreatestOffset)
            throw Malformed("text");
        Write(micros, offset / MicrosPerSecond, vector, row);
    }

    private static void Write(long micros, long offset, ColumnVector vector, int row) =>
        vector.Set(row, (micros << OffsetBits) | (GreatestOffset - offset));
}
