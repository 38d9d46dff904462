using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// Whose the names in a destination are: a pipeline's from when it has a table for it, long before the table is shown; and the
/// user's wherever something stands under it that no copy of the pipeline is.
/// </summary>
internal sealed class DestinationNames(PipelineDefinition definition, DuckDBConnection destination)
{
    private readonly StateStore _state = new(destination, definition.Name);

    /// <summary>Why a table of the pipeline cannot be shown under that name; null: it can.</summary>
    public EtlException? FindProblem(TableName name)
    {
        if (_state.FindOtherOwner(name) is { } other) return PipelineRules.DestinationOfAnother(name, other, definition);
        return TableDdl.Exists(destination, name) && !HasShown(name) ? PipelineRules.DestinationTaken(name, definition) : null;
    }

    private bool HasShown(TableName name) =>
        _state.ReadTables().Any(t => t.HasVisibleRows && NameCollisions.AreOne(t.Destination, name));
}
