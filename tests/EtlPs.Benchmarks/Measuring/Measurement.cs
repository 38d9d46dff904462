namespace EtlPs.Benchmarks.Measuring;

/// <summary>The times of one thing measured several times; the median is what counts.</summary>
internal sealed record Measurement(string Name, IReadOnlyList<TimeSpan> Times)
{
    public TimeSpan Median => Times.Order().ElementAt(Times.Count / 2);

    /// <summary>Measures an action, each time after a preparation that does not count.</summary>
    public static async Task<Measurement> TakeAsync(
        string name, int times, Func<Task<TimeSpan>> run)
    {
        var taken = new List<TimeSpan>(times);
        for (int i = 0; i < times; i++)
            taken.Add(await run());
        return new Measurement(name, taken);
    }
}
