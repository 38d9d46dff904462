using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Changes;

/// <summary>
/// The error for rows that a table's key no longer tells apart, so that a change cannot be tied to its row.
/// </summary>
internal static class LostKey
{
    public static TableFailedException Error(TableSchema table) => new(
        table.Oid, table.Name, new EtlException(
            EtlErrorCode.SchemaChanged,
            $"Table {table.Name} is no longer what was copied: ({Columns(table)}) does not tell its rows apart any "
            + "more; the key, or the replica identity, has changed.",
            "Give the table a primary key, or a replica identity that fits, and copy the table again with "
            + "Reset-EtlTable.")
        {
            Subject = table.Name.ToString(),
        });

    private static string Columns(TableSchema table) =>
        string.Join(", ", table.KeyColumns.Select(c => TableName.Quote(table.Columns[c].Name)));
}
