using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Reads what a destination knows of a pipeline.</summary>
internal static class StatusReader
{
    public static PipelineStatus? Read(DuckDBConnection connection, string pipeline)
    {
        var state = new StateStore(connection, pipeline);
        if (state.FindPipeline() is not { } record) return null;
        var tables = state.ReadTables().Select(t => new TableStatus(
            t.Source, t.Destination, t.State, t.CopiedAt, t.Rows, t.ErrorCode, t.ErrorMessage));
        return new PipelineStatus(record.Position, record.CommitTime, [.. tables]);
    }
}
