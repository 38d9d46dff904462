using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>The check for columns whose type cannot be carried.</summary>
internal static class UnsupportedColumn
{
    /// <summary>The error for the first such column of a table; null: every type can be carried.</summary>
    public static EtlException? Find(TableSchema table) =>
        table.Columns.FirstOrDefault(c => CodecCatalog.Find(c.Type) is null) is { } column ? Error(table, column) : null;

    public static EtlException Error(TableSchema table, ColumnSchema column) => new(
        EtlErrorCode.UnsupportedType,
        $"Table {table.Name}, column {TableName.Quote(column.Name)}: the type {column.Type.DisplayName} cannot be carried yet.",
        "Leave the table out with -Table, or leave the column out with a publication that has a column list (Postgres 15 and later).")
    {
        Subject = table.Name.ToString(),
    };
}
