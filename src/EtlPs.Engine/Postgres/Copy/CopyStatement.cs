using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>The COPY of one range: the columns and rows that the publication streams.</summary>
internal static class CopyStatement
{
    /// <param name="table">The table whose columns and row filter hold; a partition has the columns by the same
    /// names.</param>
    /// <param name="heap">The table, or a partition of it.</param>
    /// <param name="range">The blocks.</param>
    public static string For(TableSchema table, Heap heap, CopyRange range)
    {
        var columns = Columns(table);
        var throughRoot = table.Kind == 'p' && heap.Oid == table.Oid;
        // Straight from the heap, and without children by inheritance: a little faster than a SELECT, which a
        // partitioned table, a row filter, a generated column, a type that comes as text, a table without columns and
        // whatever is no table need.
        if (range == CopyRange.Whole && !throughRoot
            && table is { IsTable: true, RowFilter: null, HasGenerated: false, Columns.Count: > 0 }
            && !table.Columns.Any(ComesAsText))
            return $"COPY {heap.Name} ({columns}) TO STDOUT (FORMAT BINARY)";
        var conditions = new List<string>();
        if (table.RowFilter is not null)
            conditions.Add($"({table.RowFilter}\n)"); // A user's condition may end with a comment.
        if (range.StartBlock > 0)
            conditions.Add(string.Create(
                CultureInfo.InvariantCulture, $"ctid >= '({range.StartBlock},0)'::pg_catalog.tid"));
        if (range.EndBlock is { } end)
            conditions.Add(string.Create(CultureInfo.InvariantCulture, $"ctid < '({end},0)'::pg_catalog.tid"));
        var where = conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";
        return $"COPY (SELECT {columns} FROM {(throughRoot ? "" : "ONLY ")}{heap.Name}{where}) TO STDOUT (FORMAT "
            + "BINARY)";
    }

    /// <summary>
    /// What is selected for a table's columns: those that do not come in binary as the text of their output function.
    /// </summary>
    public static string Columns(TableSchema table) => string.Join(", ", table.Columns.Select(Select));

    private static bool ComesAsText(ColumnSchema column) => !ColumnCodecs.Find(column).ReadsBinary;

    // A cast to text is the output function only where no other cast was made. IS DISTINCT FROM NULL is true of a row
    // of NULLs.
    private static string Select(ColumnSchema column)
    {
        var name = TableName.Quote(column.Name);
        return ComesAsText(column)
            ? $"CASE WHEN {name} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', {name}) END"
            : name;
    }
}
