using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Some losses in their order.</summary>
/// <param name="Losses">The losses; none: there are no more.</param>
/// <param name="LastRow">Which line the last one is, for the next part to begin behind it.</param>
internal sealed record LossPart(IReadOnlyList<TableLoss> Losses, long LastRow);
