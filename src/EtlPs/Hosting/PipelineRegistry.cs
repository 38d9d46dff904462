using System.Collections;
using System.Management.Automation;
using EtlPs.Jobs;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>
/// The pipelines that one session has defined, and the jobs that run them. It hangs on the session's own module
/// object, for a static would be shared by every runspace of the process.
/// </summary>
internal sealed class PipelineRegistry
{
    private const string Key = "EtlPs.Pipelines";

    private readonly SortedDictionary<string, RegisteredPipeline> _pipelines = new(StringComparer.Ordinal);

    private readonly List<EtlJob> _jobs = [];

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

    /// <summary>The pipelines of this session whose slot has that name, on whatever server.</summary>
    public IEnumerable<RegisteredPipeline> FindBySlot(string slotName) =>
        _pipelines.Values.Where(pipeline => pipeline.Pipeline.Definition.EffectiveSlotName == slotName);

    /// <summary>Started jobs; ended ones are let go as others come.</summary>
    public void Add(EtlJob job)
    {
        _jobs.RemoveAll(static known => !known.IsRunning);
        _jobs.Add(job);
    }

    /// <summary>The jobs that are under way, of one pipeline or of all.</summary>
    public IReadOnlyList<EtlJob> RunningJobs(RegisteredPipeline? pipeline = null) =>
        [.. _jobs.Where(job => job.IsRunning && (pipeline is null || job.Runs(pipeline)))];

    /// <summary>Whether a run of this session owns the file.</summary>
    public bool IsInUse(string path) =>
        _pipelines.Values.Any(pipeline => pipeline.Pipeline.IsRunning && pipeline.Destination.Path == path);

    /// <summary>All whose name matches the wildcard pattern, by name.</summary>
    public IReadOnlyList<RegisteredPipeline> Match(string pattern)
    {
        var wildcard = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        return [.. _pipelines.Values.Where(pipeline => wildcard.IsMatch(pipeline.Name))];
    }
}
