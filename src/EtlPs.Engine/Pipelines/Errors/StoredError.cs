using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Errors;

/// <summary>The error that a table was set aside with in an earlier run.</summary>
internal static class StoredError
{
    public static EtlException? Of(TableRecord table) => table.State != TableState.SetAside
        ? null
        : new EtlException(
            Enum.TryParse<EtlErrorCode>(table.Error?.Code, out var code) ? code : EtlErrorCode.Unexpected,
            table.Error?.Message ?? $"Table {table.Source} was set aside.",
            table.Error?.Remedy ?? "Mend the cause and copy the table again with Reset-EtlTable, or leave it out.")
        {
            Subject = table.Source.ToString(),
            Column = table.Error?.Column,
            Key = table.Error?.Key,
        };
}
