using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Engine.Pipelines.Checks;

/// <summary>What is looked at of the destination's disk and folder.</summary>
internal static class DestinationChecks
{
    /// <summary>Whether a file could be made or written there; what is tried is deleted at once.</summary>
    /// <returns>What was found.</returns>
    /// <exception cref="EtlException">DestinationUnavailable.</exception>
    public static string RequireWritable(DuckDbSettings destination)
    {
        if (destination.IsInMemory) return "In memory.";
        var path = DestinationPath.Resolve(destination.Path);
        // Whoever has read a file holds its lock, which is written beside it.
        if (File.Exists(path)) return $"{path} is a DuckDB database that no other run uses.";
        var probe = $"{path}.etlps-probe-{Guid.NewGuid():N}";
        try
        {
            File.Create(probe, 1, FileOptions.DeleteOnClose).Dispose();
            return $"{path} does not exist yet and can be made.";
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
    public static void CheckSpace(Checklist list, DuckDbSettings destination, CopyEstimate? estimate)
    {
        if (destination.IsInMemory) return;
        var folder = Path.GetDirectoryName(DestinationPath.Resolve(destination.Path))!;
        var free = new DriveInfo(folder).AvailableFreeSpace;
        var found = $"{free >> 20} MB are free in {folder}; "
            + (estimate is null ? "nothing is to be copied." : $"the tables to copy hold {estimate.Bytes >> 20} MB.");
        if (estimate is null || free > estimate.Bytes) list.Pass("DiskSpace", found);
        else list.Warn("DiskSpace", found, "Make room, or name a file on a larger disk; DuckDB mostly stores rows in less.");
    }
}
