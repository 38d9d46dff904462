using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Changes.Segments;

/// <summary>
/// Where transactions wait that have not committed yet: in memory while they are few and small, else in files of a
/// folder beside the destination, <c>FILE.etlps-spool</c>, which only its owner may read. Whoever makes one holds the
/// destination's lock.
/// </summary>
internal sealed class SpoolFolder(string path, long memory = SpoolFolder.DefaultMemory) : IDisposable
{
    /// <summary>What all transactions of a stream together keep in memory, compressed.</summary>
    public const long DefaultMemory = 1 << 20;

    private static readonly FileStreamOptions NewFile = OperatingSystem.IsWindows()
        ? new() { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 0 }
        : new()
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };

    private int _files;

    public string Path => path;

    /// <summary>What of the memory is taken.</summary>
    public long MemoryUsed { get; set; }

    /// <summary>Whether somebody has to go to a file.</summary>
    public bool IsMemoryFull => MemoryUsed > memory;

    /// <summary>The folder of a database file.</summary>
    public static string PathOf(string databasePath) => databasePath + ".etlps-spool";

    /// <summary>Removes what a killed run left behind: the server sends all of it again.</summary>
    public static void RemoveLeftovers(string path)
    {
        if (!Directory.Exists(path)) return;
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e, path);
        }
    }

    /// <summary>Opens a new file for one transaction.</summary>
    public Stream Create(uint xid)
    {
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
            else Directory.CreateDirectory(
                path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new FileStream(System.IO.Path.Combine(path, $"{++_files}-{xid}.etlseg"), NewFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e, path);
        }
    }

    /// <summary>Removes a file that <see cref="Create"/> made.</summary>
    public static void Remove(Stream file)
    {
        file.Dispose();
        try
        {
            if (file is FileStream { Name: var name }) File.Delete(name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next run removes it.
        }
    }

    /// <summary>The error for a file that cannot be written or read.</summary>
    public static EtlException Failed(Exception e, string where) => FullDisk.IsCauseOf(e)
        ? new EtlException(
            EtlErrorCode.DestinationFull,
            $"The disk is full: a transaction too large for memory could not be kept in '{where}' until its commit.",
            "Make room on that disk and start again. Nothing is lost: the server sends the transaction again.", e)
        {
            Subject = where,
        }
        : new EtlException(
            EtlErrorCode.DestinationUnavailable,
            $"A transaction too large for memory could not be kept in '{where}' until its commit: {e.Message}",
            "A stream writes in the folder of the DuckDB file: give it the right to, and check the disk.", e)
        {
            Subject = where,
        };

    /// <summary>Removes the folder. Its files are gone by then; what is not is left to the next run.</summary>
    public void Dispose()
    {
        if (_files == 0) return;
        try
        {
            Directory.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A run that has done its work does not fail for this.
        }
    }
}
