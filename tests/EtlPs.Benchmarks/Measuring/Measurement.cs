namespace EtlPs.Benchmarks.Measuring;

/// <summary>The times of one thing measured several times; the median is what counts.</summary>
internal sealed record Measurement(string Name, IReadOnlyList<TimeSpan> Times)
{
    public TimeSpan Median => Times.Order().ElementAt(Times.Count / 2);
}
