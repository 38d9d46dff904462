using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>The check for columns whose type cannot be carried.</summary>
internal static class UnsupportedColumn
{
    /// <summary>The error for the first such column of a table; null: every type can be carried.</summary>
    public static EtlException? Find(TableSchema table) =>
        table.Columns.FirstOrDefault(c => ColumnCodecs.Find(c) is null) is { } column ? Error(table, column)
        : table.KeyColumns.Count == 0 && table.Columns.FirstOrDefault(HidesRowId) is { } rowId ? RowIdHidden(table, rowId)
        : table.Columns.Count == 0 ? WithoutColumns(table)
        : null;

    public static EtlException Error(TableSchema table, ColumnSchema column) => new(
        EtlErrorCode.UnsupportedType,
        $"Table {table.Name}, column {TableName.Quote(column.Name)}: the type {column.Type.DisplayName} cannot be carried yet.",
        "Leave the table out with -ExcludeTable, or leave the column out with a publication that has a column list (Postgres 15 and later).")
    {
        Subject = table.Name.ToString(),
    };

    /// <summary>One of several equal rows is told from the others by DuckDB's rowid, which such a column takes the place of.</summary>
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
        $"Table {table.Name} has no key, and its column {TableName.Quote(column.Name)} hides DuckDB's own of that name, which rows without a key are found by.",
        $"Give it another name there: -ColumnMap {NameProposal.For(table, column, "row_id")}; or add a primary key; or leave the table out with -ExcludeTable.")
    {
        Subject = table.Name.ToString(),
    };
}
