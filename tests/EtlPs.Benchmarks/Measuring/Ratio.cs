using System.Globalization;

namespace EtlPs.Benchmarks.Measuring;

/// <summary>
/// What EtlPs took against what Postgres's own client took in the same run, and the most that it may be.
/// </summary>
internal sealed record Ratio(string Name, Measurement Etl, Measurement Baseline, double Limit) : IFigure
{
    public double Value => Etl.Median / Baseline.Median;

    public bool IsKept => Value <= Limit;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}: {Etl.Name} {Etl.Median.TotalSeconds:0.00} s, {Baseline.Name} {Baseline.Median.TotalSeconds:0.00} s, "
        + $"ratio {Value:0.00}{Verdict}");

    private string Verdict => double.IsPositiveInfinity(Limit)
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $", at most {Limit:0.0#}: {(IsKept ? "kept" : "NOT KEPT")}");
}
