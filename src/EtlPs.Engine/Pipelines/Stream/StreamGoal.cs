using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>Where a stream ends by itself.</summary>
/// <param name="Target">It ends once this position is stored; null: it goes on.</param>
/// <param name="End">What reaching it is called.</param>
internal sealed record StreamGoal(Lsn? Target, StreamEnd End)
{
    /// <summary>No end of its own.</summary>
    public static StreamGoal None { get; } = new(null, StreamEnd.Stopped);

    /// <summary>Whether everything before the target is stored when <paramref name="position"/> is.</summary>
    public bool IsReachedBy(Lsn position) => Target is { } target && position >= target;
}
