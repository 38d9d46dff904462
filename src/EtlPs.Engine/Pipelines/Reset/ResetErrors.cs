using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>What stands in the way of a reset.</summary>
internal static class ResetErrors
{
    public static EtlException Running(TableName table) => new(
        EtlErrorCode.ResetRunning,
        $"Table {table} is being copied already.",
        "Wait until Get-EtlTable shows it as Ready.")
    {
        Subject = table.ToString(),
    };

    public static EtlException Interrupted(TableName table) => new(
        EtlErrorCode.ResetInterrupted,
        $"The stream ended while table {table} was copied again; its earlier rows stay.",
        "Nothing is to be done: the next Start-EtlStream copies it again.")
    {
        Subject = table.ToString(),
    };

    public static EtlException NotBegun(TableName table) => new(
        EtlErrorCode.ResetInterrupted,
        $"The stream ended before table {table} was copied again; its earlier rows stay.",
        "Use Reset-EtlTable again.")
    {
        Subject = table.ToString(),
    };

    public static EtlException NothingCopied(PipelineDefinition definition) => new(
        EtlErrorCode.TableNotFound,
        $"{definition.Destination} knows nothing of pipeline {definition.Name}.",
        "Run Start-EtlBackfill or Start-EtlStream first.")
    {
        Subject = definition.Name,
    };

    public static EtlException Unpublished(TableName table, string publication) => new(
        EtlErrorCode.PublicationUnusable,
        $"Table {table} is not in publication {publication}: its changes are not sent.",
        "Put it back into the publication, then copy it again with Reset-EtlTable.")
    {
        Subject = table.ToString(),
    };

    public static EtlException KeepsChanging(TableName table, int rounds) => new(
        EtlErrorCode.SchemaChanged,
        $"Table {table} was rewritten {rounds} times while it was to be copied.",
        "Try again when VACUUM FULL, CLUSTER or ALTER TABLE of it are through.")
    {
        Subject = table.ToString(),
    };
}
