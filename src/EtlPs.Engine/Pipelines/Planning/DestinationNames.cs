using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// Whose the names in a destination are: a pipeline's from when it has a table for it, long before the table is shown;
/// and the user's wherever something stands under it that no copy of the pipeline is.
/// </summary>
/// <remarks>Read once for all tables: DuckDB needs as long to look for one name as to list them.</remarks>
internal sealed class DestinationNames
{
    private readonly PipelineDefinition _definition;
    private readonly Dictionary<string, string> _others = new(StringComparer.Ordinal);
    private readonly HashSet<string> _present;
    private readonly HashSet<string> _shown;

    private DestinationNames(PipelineDefinition definition, DuckDBConnection destination)
    {
        _definition = definition;
        var state = new StateStore(destination, definition.Name);
        foreach (var (other, table) in state.ReadOtherOwners())
            _others.TryAdd(NameCollisions.Fold(table.Quoted), other);
        _present = Folded(TableDdl.ReadNames(destination));
        _shown = Folded(state.ReadTables().Where(t => t.HasVisibleRows).Select(t => t.Destination));
    }

    /// <summary>The names as they are now.</summary>
    public static DestinationNames Read(PipelineDefinition definition, DuckDBConnection destination) =>
        new(definition, destination);

    /// <summary>Why a table of the pipeline cannot be shown under that name; null: it can.</summary>
    public EtlException? FindProblem(TableName name)
    {
        var folded = NameCollisions.Fold(name.Quoted);
        if (_others.TryGetValue(folded, out var other))
            return PipelineRules.DestinationOfAnother(name, other, _definition);
        return _present.Contains(folded) && !_shown.Contains(folded)
            ? PipelineRules.DestinationTaken(name, _definition)
            : null;
    }

    private static HashSet<string> Folded(IEnumerable<TableName> names) =>
        names.Select(n => NameCollisions.Fold(n.Quoted)).ToHashSet(StringComparer.Ordinal);
}
