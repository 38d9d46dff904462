using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Errors;

/// <summary>The error that a table was set aside with in an earlier run.</summary>
internal static class StoredError
{
    public static EtlException? Of(TableRecord table) => table.State != TableState.SetAside
        ? null
        : new EtlException(
            Enum.TryParse<EtlErrorCode>(table.ErrorCode, out var code) ? code : EtlErrorCode.Unexpected,
            table.ErrorMessage ?? $"Table {table.Source} was set aside.",
            "Mend the cause and copy the pipeline's tables again with -Restart, or leave the table out.")
        {
            Subject = table.Source.ToString(),
        };
}
