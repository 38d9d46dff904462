using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Tells a DuckDB file by its first bytes, before DuckDB sees it: a checksum, then "DUCK".</summary>
internal static class DatabaseHeader
{
    private const int MagicOffset = 8;

    /// <summary>
    /// Refuses a file that is something else. Only while the file's lock is held: see <see cref="DuckDbFile"/>.
    /// </summary>
    /// <exception cref="EtlException">NotADuckDbFile, DestinationUnavailable.</exception>
    public static void Check(string path)
    {
        if (!File.Exists(path))
            return;
        Span<byte> start = stackalloc byte[MagicOffset + 4];
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete, 1);
            if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
                && start[MagicOffset..].SequenceEqual("DUCK"u8))
                return;
        }
        catch (UnauthorizedAccessException)
        {
            throw new EtlException(EtlErrorCode.DestinationUnavailable, $"'{path}' cannot be read: access is denied.",
                "Give this user the right to read and write it.") { Subject = path };
        }
        catch (IOException)
        {
            // On Windows a file that DuckDB has open elsewhere; DuckDB's own message says by whom.
            return;
        }

        throw new EtlException(EtlErrorCode.NotADuckDbFile, $"'{path}' is not a DuckDB database.",
            "Name another file: this one is left as it is. Of a database that has become empty the log is left beside "
            + "it: restore the file, or delete both.") { Subject = path };
    }
}
