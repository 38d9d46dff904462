using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Model;

namespace EtlPs.Definitions;

/// <summary>
/// A destination as a file holds it; a path below the file's own folder is written relative to it, so that both can
/// move.
/// </summary>
internal sealed record DestinationDocument
{
    public required string Path { get; init; }

    public long? MemoryLimit { get; init; }

    public int? Threads { get; init; }

    public static DestinationDocument Of(EtlDestination destination, string folder) => new()
    {
        Path = Relative(destination.Path, folder),
        MemoryLimit = destination.MemoryLimit,
        Threads = destination.Threads,
    };

    public EtlDestination ToDestination(string folder) => new(
        Path == DuckDbSettings.InMemory ? Path : System.IO.Path.GetFullPath(Path, folder), MemoryLimit, Threads);

    private static string Relative(string path, string folder)
    {
        if (path == DuckDbSettings.InMemory)
            return path;
        var relative = System.IO.Path.GetRelativePath(folder, path);
        return System.IO.Path.IsPathRooted(relative) || relative.StartsWith("..", StringComparison.Ordinal)
            ? path
            : relative.Replace('\\', '/');
    }
}
