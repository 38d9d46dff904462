using System.Collections;
using EtlPs.Engine.Sources;
using EtlPs.Hosting;

namespace EtlPs.Completion;

/// <summary>Completes the names of a source's logical replication slots.</summary>
public sealed class SlotNameCompleter : EtlCompleter
{
    private protected override Func<CancellationToken, Task<IReadOnlyList<string>>>? FindNames(
        PipelineRegistry registry, IDictionary bound) => Source(bound) is { } source
        ? async cancellationToken =>
        [
            .. (await new PostgresSource(source.Settings).ReadSlotsAsync(cancellationToken).ConfigureAwait(false))
                .Select(slot => slot.Name),
        ]
        : null;
}
