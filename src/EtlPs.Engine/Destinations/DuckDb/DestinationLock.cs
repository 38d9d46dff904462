using System.Globalization;
using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// Says for the whole machine, this process included, that one run owns a database file: <c>FILE.etlps-lock</c> is
/// held open exclusively (flock on Unix, which a second open in the same process meets too). The file stays behind: to
/// delete it could leave two runs with a lock each, one on the old and one on the new file of that name.
/// </summary>
internal sealed class DestinationLock : IDisposable
{
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int LockViolation = unchecked((int)0x80070021);

    private readonly FileStream stream;
    private readonly string ownerPath;

    private DestinationLock(FileStream stream, string ownerPath)
    {
        this.stream = stream;
        this.ownerPath = ownerPath;
    }

    /// <summary>Takes the lock of a file, given by its canonical path.</summary>
    /// <exception cref="EtlException">DestinationLocked, naming who holds it; DestinationUnavailable.</exception>
    public static DestinationLock Acquire(string canonicalPath)
    {
        var lockPath = canonicalPath + ".etlps-lock";
        var ownerPath = canonicalPath + ".etlps-owner";
        try
        {
            var stream = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            try
            {
                // In a file of its own, because nobody can read the lock file while it is held.
                File.WriteAllText(ownerPath, DescribeThisProcess());
                return new DestinationLock(stream, ownerPath);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }
        catch (IOException e) when (IsHeldByAnother(e))
        {
            throw new EtlException(
                EtlErrorCode.DestinationLocked,
                $"Another run uses '{canonicalPath}'{ReadOwner(ownerPath)}.",
                "Wait for that run or stop it; one run at a time can own a DuckDB file.") { Subject = canonicalPath };
        }
        catch (IOException e) when (FullDisk.IsCauseOf(e))
        {
            throw DuckDbErrors.DiskFull(canonicalPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EtlException(
                EtlErrorCode.DestinationUnavailable,
                $"'{lockPath}' cannot be written: {e.Message}",
                "A run needs to write in the folder of the DuckDB file: give it the right, or name a file elsewhere.")
            {
                Subject = canonicalPath,
            };
        }
    }

    /// <summary>Lets the file go.</summary>
    public void Dispose()
    {
        try
        {
            File.Delete(ownerPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only for people to read, and overwritten by the next owner.
        }

        stream.Dispose();
    }

    private static bool IsHeldByAnother(IOException e) =>
        OperatingSystem.IsWindows()
            ? e.HResult is SharingViolation or LockViolation
            : e.HResult == (OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? 35 : 11); // EWOULDBLOCK

    private static string DescribeThisProcess() => string.Create(
        CultureInfo.InvariantCulture,
        $"process {Environment.ProcessId} on {Environment.MachineName}, "
        + $"since {DateTime.UtcNow:yyyy-MM-dd HH:mm:ss} UTC");

    private static string ReadOwner(string ownerPath)
    {
        try
        {
            using var reader = new StreamReader(
                new FileStream(ownerPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadLine() is { Length: > 0 } owner ? $" ({owner})" : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
