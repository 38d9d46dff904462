using System.Collections;
using System.Management.Automation;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>
/// The pipelines that one session has defined. It hangs on the session's own module object, for a static would be shared
/// by every runspace of the process.
/// </summary>
internal sealed class PipelineRegistry
{
    private const string Key = "EtlPs.Pipelines";

    private readonly SortedDictionary<string, RegisteredPipeline> _pipelines = new(StringComparer.Ordinal);

    public static PipelineRegistry Of(PSModuleInfo module)
    {
        if (module.PrivateData is not Hashtable data)
            module.PrivateData = data = [];
        if (data[Key] is not PipelineRegistry registry)
            data[Key] = registry = new PipelineRegistry();
        return registry;
    }

    public IEnumerable<string> Names => _pipelines.Keys;

    public void Set(RegisteredPipeline pipeline) => _pipelines[pipeline.Name] = pipeline;

    public void Remove(string name) => _pipelines.Remove(name);

    public RegisteredPipeline? Find(string name) => _pipelines.GetValueOrDefault(name);

    /// <summary>All whose name matches the wildcard pattern, by name.</summary>
    public IReadOnlyList<RegisteredPipeline> Match(string pattern)
    {
        var wildcard = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        return [.. _pipelines.Values.Where(pipeline => wildcard.IsMatch(pipeline.Name))];
    }
}
