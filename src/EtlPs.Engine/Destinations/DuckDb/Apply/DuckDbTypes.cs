using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>The destination's column types of a source table.</summary>
internal static class DuckDbTypes
{
    /// <summary>One type for each column; empty where one of them cannot be carried.</summary>
    public static IReadOnlyList<string> Of(TableSchema table)
    {
        var types = new List<string>(table.Columns.Count);
        foreach (var column in table.Columns)
        {
            if (ColumnCodecs.Find(column) is not { } codec) return [];
            types.Add(codec.DuckDbType);
        }
        return types;
    }
}
