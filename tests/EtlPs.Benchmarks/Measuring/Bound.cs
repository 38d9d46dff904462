using System.Globalization;

namespace EtlPs.Benchmarks.Measuring;

/// <summary>A figure in a unit of its own, and the most that it may be.</summary>
internal sealed record Bound(string Name, double Value, double Limit, string Unit) : IFigure
{
    public bool IsKept => Value <= Limit;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}: {Value:0.##} {Unit}, at most {Limit:0.##}: {(IsKept ? "kept" : "NOT KEPT")}");
}
