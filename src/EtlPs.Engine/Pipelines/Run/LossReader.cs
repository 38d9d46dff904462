using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>Reads what a pipeline wrote NULL in place of.</summary>
internal static class LossReader
{
    /// <param name="connection">The destination.</param>
    /// <param name="definition">The pipeline.</param>
    /// <param name="patterns">Names as in SQL, with wildcards; empty: all.</param>
    public static IReadOnlyList<TableLoss> Read(
        DuckDBConnection connection, PipelineDefinition definition, IReadOnlyList<string> patterns)
    {
        var state = new StateStore(connection, definition.Name);
        return state.Losses.Read(TableSelection.Select(state.ReadTables(), t => t.Source, patterns, definition).Select(t => t.Oid));
    }
}
