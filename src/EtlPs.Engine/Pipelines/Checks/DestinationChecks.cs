using EtlPs.Engine.Changes.Segments;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Engine.Pipelines.Checks;

/// <summary>What is looked at of the destination's disk and folder.</summary>
internal static class DestinationChecks
{
    // What a run needs whatever it copies: DuckDB's own log, and transactions that wait beside the file for their
    // commit.
    private const long LeastSpace = 256L << 20;

    // A disk that is full still takes the names of files.
    private static readonly byte[] Probe = new byte[4096];

    /// <summary>Whether a file could be made or written there; what is tried is deleted at once.</summary>
    /// <returns>What was found.</returns>
    /// <exception cref="EtlException">DestinationUnavailable, DestinationFull.</exception>
    public static string RequireWritable(DuckDbSettings destination)
    {
        if (destination.IsInMemory) return "In memory.";
        var path = DestinationPath.Resolve(destination.Path);
        var probe = $"{path}.etlps-probe-{Guid.NewGuid():N}";
        try
        {
            using (var file = File.Create(probe, 1, FileOptions.DeleteOnClose)) file.Write(Probe);
            // Whoever has read a file holds its lock, which is written beside it.
            return NewDatabase.IsDue(path)
                ? $"{path} does not exist yet and can be made."
                : $"{path} is a DuckDB database that no other run uses.";
        }
        catch (IOException e) when (FullDisk.IsCauseOf(e))
        {
            throw DuckDbErrors.DiskFull(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EtlException(
                EtlErrorCode.DestinationUnavailable,
                $"Nothing can be written beside '{path}': {e.GetType().Name}.",
                "A run needs to write in the folder of the DuckDB file: give it the right, or name a file elsewhere.")
            {
                Subject = path,
            };
        }
    }

    /// <summary>Compares what is free with what the tables hold, which DuckDB mostly stores in less.</summary>
    /// <param name="list">Takes the check.</param>
    /// <param name="destination">The destination.</param>
    /// <param name="estimate">What is to be copied; null: nothing.</param>
    public static void CheckSpace(Checklist list, DuckDbSettings destination, CopyEstimate? estimate)
    {
        if (destination.IsInMemory) return;
        var folder = Path.GetDirectoryName(DestinationPath.Resolve(destination.Path))!;
        long free;
        try
        {
            free = new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            // A network share has no letter.
            list.Warn("DiskSpace", $"What is free in {folder} cannot be found out.",
                "Look for yourself whether there is room.");
            return;
        }
        var found = $"{free >> 20} MB are free in {folder}; "
            + (estimate is null ? "nothing is to be copied." : $"the tables to copy hold {estimate.Bytes >> 20} MB.");
        if (free > Math.Max(LeastSpace, estimate?.Bytes ?? 0)) list.Pass("DiskSpace", found);
        else
            list.Warn(
                "DiskSpace", found,
                estimate?.Bytes > LeastSpace
                    ? "Make room, or name a file on a larger disk; DuckDB mostly stores rows in less."
                    : $"Make room, or name a file on a larger disk: a run needs some {LeastSpace >> 20} MB for what it "
                    + "keeps aside.");
    }
}
