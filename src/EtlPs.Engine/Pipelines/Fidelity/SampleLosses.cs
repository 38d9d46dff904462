using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Fidelity;

/// <summary>Counts what a sample's columns cannot hold, by the kind of value.</summary>
internal sealed class SampleLosses(int columns) : ICopyLosses
{
    private readonly SortedDictionary<string, int>[] _kinds =
        [.. Enumerable.Range(0, columns).Select(_ => new SortedDictionary<string, int>(StringComparer.Ordinal))];

    public void Add(int column, ReadOnlySpan<byte> block, int rowOffset, string kind) =>
        _kinds[column][kind] = _kinds[column].GetValueOrDefault(kind) + 1;

    /// <summary>How many values of a column are lost.</summary>
    public int Count(int column) => _kinds[column].Values.Sum();

    /// <summary>Which kinds they are of, and how many of each.</summary>
    public IEnumerable<string> Describe(int column) => _kinds[column].Select(k => $"{k.Key} ({k.Value})");
}
