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
    /// <exception cref="InvalidOperationException">Something of this process still has a file on it open.</exception>
    public async ValueTask DisposeAsync()
    {
        string[] open = OpenFiles();
        if (open.Length > 0) throw new InvalidOperationException($"Still open: {string.Join(", ", open)}");
        // Lazily: a process that another test starts at this moment holds copies of all descriptors until it has begun.
        await ChildProcess.RunCheckedAsync("umount", ["--lazy", Path]);
        Directory.Delete(Path);
    }

    private string[] OpenFiles() =>
        [.. Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(link => new FileInfo(link).LinkTarget)
            .OfType<string>()
            .Where(target => target.StartsWith(Path + "/", StringComparison.Ordinal))];
}
