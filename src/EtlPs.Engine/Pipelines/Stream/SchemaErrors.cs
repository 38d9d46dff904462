using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>What is said of a table that DDL has made another one than was copied.</summary>
internal static class SchemaErrors
{
    private const string CopyAgain = "Copy the table again with Reset-EtlTable.";

    /// <summary>New rows of it do not fit the copy's columns, or its old rows cannot be found.</summary>
    public static EtlException Changed(TableName table, string difference) =>
        Of(table, $"Table {table} is no longer what was copied: {difference}.", CopyAgain);

    /// <summary>Where its rows go, and what names it, belongs to the name that it was copied under.</summary>
    public static EtlException Renamed(TableName table, TableName now) => Of(
        table,
        $"Table {table} is no longer what was copied: its name is now {now}.",
        "Give it its name back and copy it again with Reset-EtlTable, or define the pipeline for the new name and copy "
        + "its tables again with -Restart.");

    /// <summary>A column was dropped, and another one has taken its name.</summary>
    public static EtlException Replaced(TableName table, ColumnSchema column) => Of(
        table,
        $"Column {TableName.Quote(column.Name)} of {table} was dropped, and another one of that name was added: "
        + "Postgres sends nothing of what that made of the rows.",
        CopyAgain,
        column.Name);

    /// <summary>ALTER TABLE gave all rows new values.</summary>
    public static EtlException Rewritten(TableName table, IReadOnlyList<ColumnSchema> altered) => Of(
        table,
        $"{table} has another file, and {(altered.Count == 1 ? "column" : "columns")} "
        + $"{string.Join(", ", altered.Select(c => TableName.Quote(c.Name)))} {(altered.Count == 1 ? "was" : "were")} "
        + "altered: ALTER TABLE has rewritten the rows, as with USING, and Postgres sends nothing of that.",
        CopyAgain,
        altered.Count == 1 ? altered[0].Name : null);

    private static EtlException Of(TableName table, string message, string remedy, string? column = null) =>
        new(EtlErrorCode.SchemaChanged, message, remedy) { Subject = table.ToString(), Column = column };
}
