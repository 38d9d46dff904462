using DuckDB.NET.Data;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// The making of a database file. DuckDB opens neither an empty file nor one with half a header, which is what it
/// leaves where it is killed or the disk is full while it makes one: a new one is made beside, and moved into its place
/// when it is whole.
/// </summary>
internal static class NewDatabase
{
    private const string Alias = "etlps_new";

    // What DuckDB keeps beside a database file.
    private static readonly string[] Logs = [".wal", ".wal.checkpoint", ".wal.recovery"];

    /// <summary>All files that DuckDB has for a database: the database itself, and what it keeps beside it.</summary>
    public static IEnumerable<string> FilesOf(string path) => Logs.Select(log => path + log).Prepend(path);

    /// <summary>
    /// Whether there is no database yet: no file, or an empty one without a log, in which nothing can be lost.
    /// </summary>
    public static bool IsDue(DuckDbSettings settings) => !settings.IsInMemory && IsDue(settings.Path);

    /// <inheritdoc cref="IsDue(DuckDbSettings)"/>
    public static bool IsDue(string path)
    {
        if (!File.Exists(path)) return true;
        var file = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        return FilesOf(file).All(f => new FileInfo(f) is not { Exists: true, Length: > 0 });
    }

    /// <summary>Makes a database that is due; the path is the canonical one, and its lock is held.</summary>
    /// <exception cref="EtlException">DestinationUnavailable, and whatever DuckDB meets.</exception>
    public static void Make(DuckDBConnection connection, string path)
    {
        var unfinished = path + ".etlps-new";
        try
        {
            File.Delete(unfinished);
            try
            {
                connection.Execute($"ATTACH {DuckDbFile.Literal(unfinished)} AS {Alias}");
                connection.Execute($"DETACH {Alias}");
                Place(unfinished, path);
            }
            catch
            {
                File.Delete(unfinished);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EtlException(
                EtlErrorCode.DestinationUnavailable, $"'{path}' cannot be made: {e.Message}",
                "A run needs to make files in the folder of the DuckDB file: give it the right, or name a file "
                + "elsewhere.")
            {
                Subject = path,
            };
        }
    }

    private static void Place(string unfinished, string path)
    {
        var replaces = File.Exists(path) && IsDue(path);
        if (File.Exists(path))
        {
            // Whoever has made an empty file for its owner alone means the database.
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(unfinished, File.GetUnixFileMode(path));
        }
        // DuckDB does so too where it makes a file: without its database a log is of no use, and the new one has
        // another.
        else foreach (var log in Logs) File.Delete(path + log);
        // Nothing but an empty file is replaced, whatever came this very moment.
        File.Move(unfinished, path, overwrite: replaces);
    }
}
