using DuckDB.NET.Native;
using Native = DuckDB.NET.Native.NativeMethods.LogicalType;

namespace EtlPs.Engine.Changes;

/// <summary>DuckDB's physical layout of the logical types that are written here.</summary>
internal static class VectorLayout
{
    public static (VectorShape Shape, int Width) Of(DuckDBLogicalType type) => Native.DuckDBGetTypeId(type) switch
    {
        DuckDBType.Decimal => (VectorShape.Fixed, FixedWidth(Native.DuckDBDecimalInternalType(type))),
        DuckDBType.Enum => (VectorShape.Fixed, FixedWidth(Native.DuckDBEnumInternalType(type))),
        DuckDBType.Varchar or DuckDBType.Blob or DuckDBType.Bit => (VectorShape.Bytes, 16),
        DuckDBType.List or DuckDBType.Map => (VectorShape.List, 16),
        DuckDBType.Struct => (VectorShape.Struct, 0),
        var id => (VectorShape.Fixed, FixedWidth(id)),
    };

    private static int FixedWidth(DuckDBType type) => type switch
    {
        DuckDBType.Boolean or DuckDBType.TinyInt or DuckDBType.UnsignedTinyInt => 1,
        DuckDBType.SmallInt or DuckDBType.UnsignedSmallInt => 2,
        DuckDBType.Integer or DuckDBType.UnsignedInteger or DuckDBType.Float or DuckDBType.Date => 4,
        DuckDBType.BigInt or DuckDBType.UnsignedBigInt or DuckDBType.Double or DuckDBType.Time
            or DuckDBType.TimeTz or DuckDBType.Timestamp or DuckDBType.TimestampTz => 8,
        DuckDBType.HugeInt or DuckDBType.UnsignedHugeInt or DuckDBType.Uuid or DuckDBType.Interval => 16,
        _ => throw new NotSupportedException($"Vectors of DuckDB's type {type} are not written."),
    };
}
