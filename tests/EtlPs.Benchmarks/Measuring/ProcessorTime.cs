namespace EtlPs.Benchmarks.Measuring;

/// <summary>The processor time, user and system, that this process takes for something.</summary>
internal static class ProcessorTime
{
    public static async Task<(T Result, TimeSpan Used)> OfAsync<T>(Func<Task<T>> work)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        T result = await work();
        return (result, Environment.CpuUsage.TotalTime - before);
    }
}
