using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// The one spelling of a database file's path. DuckDB opens one file twice in one process, without an error, when its
/// path is spelt in two ways; the two copies then diverge.
/// </summary>
internal static class DestinationPath
{
    private const int MostLinks = 40;

    /// <summary>Makes the path absolute and resolves links in the file and in every folder above it.</summary>
    /// <exception cref="EtlException">DestinationUnavailable.</exception>
    public static string Resolve(string path)
    {
        try
        {
            var canonical = ResolveLinks(Path.GetFullPath(path), 0);
            if (Directory.Exists(canonical))
                throw Unavailable(path, $"'{canonical}' is a folder.", "Name a file in it, such as copy.duckdb.");
            var folder = Path.GetDirectoryName(canonical);
            if (folder is null || !Directory.Exists(folder))
                throw Unavailable(path, $"The folder '{folder}' does not exist.",
                    $"Create the folder '{folder}' first.");
            if (File.Exists(canonical) && new FileInfo(canonical).IsReadOnly)
                throw Unavailable(path, $"The file '{canonical}' is read-only.",
                    "Make it writable, or name another file.");
            return canonical;
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unavailable(path, $"The path '{path}' cannot be used: {e.Message}",
                "Name a file in a folder you may write to.");
        }
    }

    private static string ResolveLinks(string path, int links)
    {
        if (links > MostLinks)
            throw new IOException("too many levels of symbolic links.");
        var parent = Path.GetDirectoryName(path);
        if (parent is null)
            return path;
        var resolved = Path.Combine(ResolveLinks(parent, links), Path.GetFileName(path));
        FileSystemInfo entry = Directory.Exists(resolved) ? new DirectoryInfo(resolved) : new FileInfo(resolved);

        // LinkTarget rather than Exists decides: a link to a file that is not there yet is a link all the same.
        return entry.LinkTarget is { } target
            ? ResolveLinks(Path.GetFullPath(target, Path.GetDirectoryName(resolved)!), links + 1)
            : resolved;
    }

    private static EtlException Unavailable(string path, string message, string remedy) =>
        new(EtlErrorCode.DestinationUnavailable, message, remedy) { Subject = path };
}
