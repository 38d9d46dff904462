using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>How columns are carried: by their types, and as their pipeline is defined.</summary>
internal static class ColumnCodecs
{
    /// <summary>The codec for a column.</summary>
    public static ColumnCodec Find(ColumnSchema column) => CodecCatalog.Find(column.Type, column.Carriage.Numeric);

    /// <summary>One codec for each column.</summary>
    public static ColumnCodec[] Of(IEnumerable<ColumnSchema> columns) => [.. columns.Select(c => Find(c))];
}
