using System.Runtime.CompilerServices;
using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// Reads what a pipeline has not written as it is, part by part. Between two of them the destination is nobody's:
/// whoever gets the losses may start a run for each.
/// </summary>
internal sealed class LossReader(PipelineFile file, PipelineDefinition definition)
{
    // A part is found by going through all lines.
    private const int LossesOfPart = 20_000;

    /// <param name="patterns">Names as in SQL, with wildcards; empty: all.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async IAsyncEnumerable<IReadOnlyList<TableLoss>> ReadAsync(
        IReadOnlyList<string> patterns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (LossPart? part = null; ;)
        {
            var before = part;
            // DuckDB's interface is synchronous.
            part = await Task.Run(
                () => file.ReadAsync(reading => Task.FromResult(Read(reading, patterns, before)), cancellationToken),
                cancellationToken)
                .ConfigureAwait(false);
            if (part.Losses.Count > 0) yield return part.Losses;
            if (part.Losses.Count < LossesOfPart) yield break;
        }
    }

    private LossPart Read(DestinationReading? reading, IReadOnlyList<string> patterns, LossPart? before)
    {
        if (reading is null) return new LossPart([], 0);
        var state = new StateStore(reading.Connection, definition.Name);
        var tables = TableSelection.Select(state.ReadTables(), t => t.Source, patterns, definition);
        return state.Losses.Read(tables.Select(t => t.Oid), before, LossesOfPart);
    }
}
