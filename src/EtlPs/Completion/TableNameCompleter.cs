using System.Collections;
using EtlPs.Engine.Sources;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Completion;

/// <summary>
/// Completes the names of a source's tables, where one is named, or of those that a pipeline's destination knows.
/// </summary>
public sealed class TableNameCompleter : EtlCompleter
{
    private protected override Func<CancellationToken, Task<IReadOnlyList<string>>>? FindNames(
        PipelineRegistry registry, IDictionary bound)
    {
        if (Source(bound) is { } source)
            return async cancellationToken =>
            [
                .. (await new PostgresSource(source.Settings).ReadTablesAsync([], cancellationToken)
                    .ConfigureAwait(false))
                    .Select(table => table.Name.ToString()),
            ];
        var pipeline = bound["InputObject"] is EtlPipeline given ? given.Registered
            : (bound["Name"] ?? bound["Pipeline"]) is { } name ? registry.Find($"{name}") : null;
        return pipeline is null
            ? null
            : async cancellationToken =>
            [
                .. (await pipeline.Pipeline.ReadTablesAsync([], cancellationToken).ConfigureAwait(false))
                    .Select(table => table.Source.ToString()),
            ];
    }
}
