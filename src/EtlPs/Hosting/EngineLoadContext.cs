using System.Reflection;
using System.Runtime.Loader;

namespace EtlPs.Hosting;

/// <summary>
/// Where the engine and its dependencies load, so that another module's Npgsql, or PowerShell's older
/// DiagnosticSource, stays apart from ours. Native libraries come from the same folder.
/// </summary>
internal sealed class EngineLoadContext : AssemblyLoadContext
{
    public const string EngineAssembly = "EtlPs.Engine";

    private static readonly string FrameworkFolder = Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "";

    private readonly AssemblyDependencyResolver _resolver;
    private readonly string _engineFolder;
    private readonly string _enginePath;

    public EngineLoadContext(string engineFolder)
        : base("EtlPs")
    {
        _engineFolder = engineFolder;
        _enginePath = Path.Combine(engineFolder, EngineAssembly + ".dll");
        _resolver = new AssemblyDependencyResolver(_enginePath);
    }

    public Assembly LoadEngine() => LoadFromAssemblyPath(_enginePath);

    /// <summary>Where a native library lies for this platform; null where the module brings none.</summary>
    public string? FindNative(string name) => _resolver.ResolveUnmanagedDllToPath(name);

    /// <summary>The platforms that this module brings native libraries for.</summary>
    public IEnumerable<string> NativePlatforms =>
        new DirectoryInfo(Path.Combine(_engineFolder, "runtimes")).EnumerateDirectories()
        .Select(platform => platform.Name).Order(StringComparer.Ordinal);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (_resolver.ResolveAssemblyToPath(assemblyName) is not { } path)
            return null;
        return FrameworkHasSameOrNewer(assemblyName) ? null : LoadFromAssemblyPath(path);
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        FindNative(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : IntPtr.Zero;

    /// <summary>Types that cross between framework and engine must be the framework's own.</summary>
    private static bool FrameworkHasSameOrNewer(AssemblyName wanted)
    {
        var candidate = Path.Combine(FrameworkFolder, wanted.Name + ".dll");
        return File.Exists(candidate) && AssemblyName.GetAssemblyName(candidate).Version >= wanted.Version;
    }
}
