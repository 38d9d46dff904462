using System.Management.Automation;
using System.Runtime.Loader;

namespace EtlPs.Hosting;

/// <summary>
/// Hooks the engine's load context in when the module is imported, and out when it is removed, which ends its jobs.
/// </summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnImport() => AssemblyLoadContext.Default.Resolving += EngineHost.Resolve;

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        foreach (var job in PipelineRegistry.Of(psModuleInfo).RunningJobs())
            job.StopJob();
        AssemblyLoadContext.Default.Resolving -= EngineHost.Resolve;
    }
}
