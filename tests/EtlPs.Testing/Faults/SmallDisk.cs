using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Faults;

/// <summary>A file system of a few megabytes, which really fills up.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>Mounts one; null where that is not permitted.</summary>
    public static async Task<SmallDisk?> TryMountAsync(int megabytes, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return null;
        string path = Directory.CreateTempSubdirectory("etlps-disk-").FullName;
        ProcessOutcome outcome = await ChildProcess.RunAsync(
            "mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "etlps-test", path], cancellationToken);
        if (outcome.ExitCode == 0) return new SmallDisk(path);
        Directory.Delete(path);
        return null;
    }

    /// <summary>Makes room.</summary>
    public Task GrowAsync(int megabytes, CancellationToken cancellationToken) => ChildProcess.RunCheckedAsync(
        "mount", ["-o", $"remount,size={megabytes}m", Path], cancellationToken);

    /// <summary>Unmounts it; what is on it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await ChildProcess.RunCheckedAsync("umount", [Path]);
        Directory.Delete(Path);
    }
}
