using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// What a table of DuckDB's cannot be. Every type can be carried; a table may still be none that can be kept up to
/// date.
/// </summary>
internal static class TableObstacle
{
    /// <summary>The error for the table; null: nothing is in its way.</summary>
    public static EtlException? Find(TableSchema table) =>
        table.KeyColumns.Count == 0 && table.Columns.FirstOrDefault(HidesRowId) is { } rowId ? RowIdHidden(table, rowId)
        : table.Columns.Count == 0 ? WithoutColumns(table)
        : null;

    /// <summary>
    /// One of several equal rows is told from the others by DuckDB's rowid, which such a column takes the place of.
    /// </summary>
    private static bool HidesRowId(ColumnSchema column) => NameCollisions.Fold(column.DestinationName) == "rowid";

    private static EtlException WithoutColumns(TableSchema table) => new(
        EtlErrorCode.UnsupportedType,
        $"Table {table.Name} has no column to copy, and DuckDB has no tables without columns.",
        "Leave the table out with -ExcludeTable.")
    {
        Subject = table.Name.ToString(),
    };

    private static EtlException RowIdHidden(TableSchema table, ColumnSchema column) => new(
        EtlErrorCode.NameCollision,
        $"Table {table.Name} has no key, and its column {TableName.Quote(column.Name)} hides DuckDB's own of that "
        + "name, which rows without a key are found by.",
        $"Give it another name there: -ColumnMap {NameProposal.For(table, column, "row_id")}; or add a primary key; "
        + "or leave the table out with -ExcludeTable.")
    {
        Subject = table.Name.ToString(),
    };
}
