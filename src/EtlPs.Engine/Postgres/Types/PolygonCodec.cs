using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>polygon as a LIST of its points, and path with whether it is closed beside them.</summary>
internal sealed class PolygonCodec(bool isPath) : ColumnCodec
{
    private const int Closed = 0;
    private const int Points = 1;
    private const int PointLength = 2 * sizeof(double);

    public override string DuckDbType =>
        isPath ? $"STRUCT(closed BOOLEAN, points {GeometryCodec.Point}[])" : $"{GeometryCodec.Point}[]";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (isPath)
        {
            if (wire.IsEmpty || wire[0] > 1)
                throw Malformed("binary");
            vector.Field(Closed).Set(row, wire[0]);
            vector = vector.Field(Points);
            wire = wire[1..];
        }

        if (!BinaryPrimitives.TryReadInt32BigEndian(wire, out var count) || count < 0
            || wire.Length - sizeof(int) != (long)count * PointLength)
            throw Malformed("binary");
        wire = wire[sizeof(int)..];
        var points = vector.BeginList(row, count, out var first);
        for (var i = first; i < first + count; i++)
            GeometryCodec.Read(ref wire, points, i);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.IsEmpty || wire[0] is not ((byte)'(' or (byte)'['))
            throw Malformed("text");
        if (isPath)
        {
            vector.Field(Closed).Set(row, wire[0] == (byte)'(');
            vector = vector.Field(Points);
        }

        var text = new CoordinateText(wire);
        var (count, odd) = Math.DivRem(text.Count(), 2);
        if (odd != 0)
            throw Malformed("text");
        var points = vector.BeginList(row, count, out var first);
        for (var i = first; i < first + count; i++)
            if (!GeometryCodec.TryRead(ref text, points, i))
                throw Malformed("text");
    }
}
