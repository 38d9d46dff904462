namespace EtlPs.Benchmarks.Measuring;

/// <summary>A measured figure with its limit; <see cref="object.ToString"/> tells both.</summary>
internal interface IFigure
{
    bool IsKept { get; }
}
