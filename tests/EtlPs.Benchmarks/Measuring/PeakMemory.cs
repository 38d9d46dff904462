using System.Globalization;

namespace EtlPs.Benchmarks.Measuring;

/// <summary>The greatest resident size that a process has had, as Linux keeps it (VmHWM).</summary>
internal static class PeakMemory
{
    /// <summary>In bytes, for a process that is still there; a child best reports its own at its end.</summary>
    public static long Read(int processId) => Read(processId, "VmHWM:");

    private static long Read(int processId, string field)
    {
        string line = File.ReadLines($"/proc/{processId}/status")
            .First(l => l.StartsWith(field, StringComparison.Ordinal));
        string kilobytes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>That of this process.</summary>
    public static long ReadOwn() => Read(Environment.ProcessId);

    /// <summary>The present size of this process.</summary>
    public static long ReadOwnNow() => Read(Environment.ProcessId, "VmRSS:");

    /// <summary>Begins anew from the present size; Linux allows it to the process itself.</summary>
    public static void ResetOwn() => File.WriteAllText("/proc/self/clear_refs", "5");
}
