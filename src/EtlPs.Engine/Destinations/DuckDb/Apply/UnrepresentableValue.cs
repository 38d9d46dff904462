using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>The error for a value that DuckDB's type cannot hold exactly.</summary>
internal static class UnrepresentableValue
{
    /// <param name="key">The row's key in words, or empty.</param>
    /// <param name="reason">The kind of value, never the value.</param>
    public static EtlException Error(TableSchema table, int column, string key, string reason)
    {
        var where = key.Length == 0 ? "" : $", row {key}";
        var choice = table.Columns[column].Carriage.OnUnrepresentable;
        var unrounded = choice == OnUnrepresentable.Round ? ", nor rounded to one that can" : "";
        var name = TableName.Quote(table.Columns[column].Name);
        return new EtlException(
            EtlErrorCode.ValueNotRepresentable,
            $"Table {table.Name}, column {name} ({table.Columns[column].Type.DisplayName}){where}: the value cannot be "
            + $"held exactly ({reason}){unrounded}.",
            "Change the value or the column's type at the source, or say with -OnUnrepresentable of New-EtlPipeline "
            + "what becomes of such values; then copy the table again with Reset-EtlTable; or leave it out.")
        {
            Subject = table.Name.ToString(),
            Column = table.Columns[column].Name,
            Key = key.Length == 0 ? null : key,
            SetsTableAside = choice == OnUnrepresentable.Quarantine,
        };
    }
}
