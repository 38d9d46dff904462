using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Reads what a destination knows of a pipeline.</summary>
internal static class StatusReader
{
    public static PipelineStatus? Read(DuckDBConnection connection, string pipeline)
    {
        var state = new StateStore(connection, pipeline);
        if (state.FindPipeline() is not { } record) return null;
        var tables = state.ReadTables().Select(t => new TableStatus(
            t.Source, t.Destination, t.State, t.CopiedAt, t.Rows, t.Bytes, t.Error?.Code, t.Error?.Message)
        {
            RenamedColumns = t.Columns.Where(c => c.DestinationName != c.Name)
                .ToDictionary(c => c.Name, c => c.DestinationName, StringComparer.Ordinal),
            Remedy = t.Error is null ? null : StoredError.Of(t)?.Remedy,
            ErrorColumn = t.Error?.Column,
            ErrorKey = t.Error?.Key,
            SetAsideSince = t.Error?.Since,
            StandsAt = t.StandsAt,
            StandsAtCommit = t.StandsAtCommit,
            ResetBegun = t.ResetBegun,
        });
        return new PipelineStatus(record.Position, record.CommitTime, [.. tables]);
    }
}
