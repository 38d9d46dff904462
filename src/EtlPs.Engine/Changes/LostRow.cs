using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Changes;

/// <summary>The error for a row of a table without a key that cannot be told from what was sent of it.</summary>
internal static class LostRow
{
    public static TableFailedException Error(TableSchema table) => new(
        table.Oid, table.Name, new EtlException(
            EtlErrorCode.SchemaChanged,
            $"Table {table.Name} has no key, and a row that was updated or deleted is not among those copied, as it "
            + "was sent: whole rows are not logged any more, or the table in the destination was changed by somebody "
            + "else.",
            $"Give the table{(table.Kind == 'p' ? ", and each of its partitions," : "")} REPLICA IDENTITY FULL, and "
            + "copy it again with Reset-EtlTable.")
        {
            Subject = table.Name.ToString(),
        });
}
