using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using EtlPs.Errors;

namespace EtlPs.Hosting;

/// <summary>Answers for the engine's assembly when the default context asks for it; nothing else is answered.</summary>
internal static class EngineHost
{
    private static readonly EngineLoadContext Context = new(
        Path.Combine(Path.GetDirectoryName(typeof(EngineHost).Assembly.Location) ?? "", "engine"));

    public static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name) =>
        name.Name == EngineLoadContext.EngineAssembly ? Context.LoadEngine() : null;

    /// <summary>Fails early and in words where the native library of DuckDB is not part of the module.</summary>
    public static void RequireDuckDb()
    {
        if (FindDuckDbProblem() is { } problem)
            throw problem;
    }

    /// <summary>Why DuckDB cannot be loaded; null: it can.</summary>
    public static EtlPsException? FindDuckDbProblem() =>
        Context.FindNative("duckdb") is not null ? null : new EtlPsException(
            "PlatformNotSupported",
            $"This module has no DuckDB library for {RuntimeInformation.RuntimeIdentifier}, but for "
            + $"{string.Join(", ", Context.NativePlatforms)}.",
            "Use it on one of these, or pack the module with -Rid for yours: build.ps1 -Task Package. "
            + "DuckDB is there for Windows, macOS and Linux with glibc (x64, arm64), not for musl.");
}
