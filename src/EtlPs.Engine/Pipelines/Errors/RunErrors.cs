using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres;

namespace EtlPs.Engine.Pipelines.Errors;

/// <summary>Gives whatever a run meets its typed form, once, at the run's edge.</summary>
internal static class RunErrors
{
    /// <summary>The error to throw in place of <paramref name="e"/>.</summary>
    public static Exception Translate(Exception e, PipelineDefinition definition) => e switch
    {
        EtlException or OperationCanceledException => e,
        TableFailedException failed => failed.Error,
        AggregateException { InnerExceptions.Count: > 0 } many => Translate(many.InnerExceptions[0], definition),
        DuckDBException => DuckDbErrors.Translate(e, definition.Destination.Path),
        _ => new PostgresConnector(definition.Source).Translate(e),
    };
}
