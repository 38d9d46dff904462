using System.Management.Automation;
using System.Runtime.Loader;

namespace EtlPs.Hosting;

/// <summary>Hooks the engine's load context in when the module is imported, and out when it is removed.</summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnImport() => AssemblyLoadContext.Default.Resolving += EngineHost.Resolve;

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => AssemblyLoadContext.Default.Resolving -= EngineHost.Resolve;
}
