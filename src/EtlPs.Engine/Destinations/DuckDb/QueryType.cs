using DuckDB.NET.Native;
using Native = DuckDB.NET.Native.NativeMethods.LogicalType;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// What the values of a column are, and those inside of them: DuckDB.NET tells a moment in UTC from any other at the
/// top only.
/// </summary>
internal sealed class QueryType
{
    private readonly QueryType? _element;
    private readonly QueryType? _key;
    private readonly Dictionary<string, QueryType> _fields = [];

    private QueryType(DuckDBLogicalType type)
    {
        var id = Native.DuckDBGetTypeId(type);
        IsUtc = id == DuckDBType.TimestampTz;
        switch (id)
        {
            case DuckDBType.List:
                _element = Read(Native.DuckDBListTypeChildType(type));
                break;
            case DuckDBType.Array:
                _element = Read(Native.DuckDBArrayTypeChildType(type));
                break;
            case DuckDBType.Map:
                _key = Read(Native.DuckDBMapTypeKeyType(type));
                _element = Read(Native.DuckDBMapTypeValueType(type));
                break;
            case DuckDBType.Struct:
                for (long i = 0, count = Native.DuckDBStructTypeChildCount(type); i < count; i++)
                    _fields.Add(
                        Native.DuckDBStructTypeChildName(type, i), Read(Native.DuckDBStructTypeChildType(type, i)));
                break;
        }
    }

    /// <summary>Whether they are of TIMESTAMP WITH TIME ZONE.</summary>
    public bool IsUtc { get; }

    /// <summary>The type of a list's elements.</summary>
    public QueryType Element => _element ?? this;

    /// <summary>The type of a map's keys, or of a struct's names.</summary>
    public QueryType Key => _key ?? this;

    /// <summary>Reads a type, which it disposes.</summary>
    public static QueryType Read(DuckDBLogicalType type)
    {
        using (type)
            return new QueryType(type);
    }

    /// <summary>The type of a map's values, or of the struct's field with this name.</summary>
    public QueryType Value(object key) =>
        key is string name && _fields.TryGetValue(name, out var field) ? field : Element;
}
