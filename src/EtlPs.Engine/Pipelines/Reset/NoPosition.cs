using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Reset;

/// <summary>For changes of a hidden copy that is made anew when it is cut off.</summary>
internal sealed class NoPosition(FetchStore fetches, CopiedTree tree, LossStore losses) : IPositionStore
{
    public FetchStore Fetches => fetches;

    public LossStore Losses => losses;

    public void NoteTruncation(uint root) => tree.Truncate();

    public void SavePosition(Lsn position, DateTimeOffset? commitTime)
    {
    }
}
