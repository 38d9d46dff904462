using System.Collections;
using EtlPs.Hosting;

namespace EtlPs.Completion;

/// <summary>Completes the names of the pipelines that this session has defined.</summary>
public sealed class PipelineNameCompleter : EtlCompleter
{
    private protected override Func<CancellationToken, Task<IReadOnlyList<string>>> FindNames(
        PipelineRegistry registry, IDictionary bound) =>
        _ => Task.FromResult<IReadOnlyList<string>>([.. registry.Names]);
}
