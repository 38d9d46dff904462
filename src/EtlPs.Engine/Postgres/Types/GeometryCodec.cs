using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// point, line, lseg, box and circle: a fixed number of doubles, on the wire as in the STRUCT in the order of its
/// innermost fields.
/// </summary>
internal sealed class GeometryCodec(string duckDbType, int coordinates) : ColumnCodec
{
    /// <summary>A point's DuckDB type.</summary>
    public const string Point = "STRUCT(x DOUBLE, y DOUBLE)";

    public override string DuckDbType => duckDbType;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length != coordinates * sizeof(double))
            throw Malformed("binary");
        Read(ref wire, vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var text = new CoordinateText(wire);
        if (!TryRead(ref text, vector, row) || !text.IsAtEnd)
            throw Malformed("text");
    }

    /// <summary>Takes the doubles of one value from the front.</summary>
    internal static void Read(ref ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        for (var i = 0; i < vector.FieldCount; i++)
            Read(ref wire, vector.Field(i), row);
        if (vector.FieldCount > 0)
            return;
        vector.Set(row, BinaryPrimitives.ReadDoubleBigEndian(wire));
        wire = wire[sizeof(double)..];
    }

    /// <summary>Takes the numbers of one value.</summary>
    internal static bool TryRead(ref CoordinateText text, ColumnVector vector, int row)
    {
        for (var i = 0; i < vector.FieldCount; i++)
            if (!TryRead(ref text, vector.Field(i), row))
                return false;
        if (vector.FieldCount > 0)
            return true;
        if (!text.TryRead(out var number))
            return false;
        vector.Set(row, number);
        return true;
    }
}
