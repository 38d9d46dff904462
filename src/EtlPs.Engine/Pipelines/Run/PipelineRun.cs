using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Postgres;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// What one run works with: the locked file, the state in it, the way to the source, and whoever watches.
/// </summary>
internal sealed record PipelineRun(
    PipelineDefinition Definition,
    PostgresConnector Source,
    DuckDbFile File,
    DuckDBConnection Connection,
    StateStore State,
    IPipelineObserver Observer,
    IFaultHook Faults)
{
    /// <summary>What to do when one table cannot go on.</summary>
    public OnTableError OnTableError { get; init; }

    /// <summary>Runs state statements as one transaction of the run's own connection.</summary>
    public void InTransaction(Action statements)
    {
        try
        {
            File.ChangeCatalog(Connection, statements);
        }
        catch (Exception e) when (e is not Errors.EtlException)
        {
            throw DuckDbErrors.Translate(e, File.Path);
        }
    }

    /// <summary>
    /// Remembers the timeline that a standby began when it was promoted; it was checked to go on from what is stored.
    /// </summary>
    public void Follow(ServerIdentity identity, uint? leftTimeline)
    {
        if (leftTimeline is not { } left) return;
        InTransaction(() => State.SetTimeline(identity.Timeline));
        Tell($"The source is on timeline {identity.Timeline} now, {left} before: a standby was promoted. It holds "
            + "everything stored here.");
    }

    /// <summary>Tells a line.</summary>
    public void Tell(string message, MilestoneLevel level = MilestoneLevel.Information) =>
        Observer.Post(new Milestone(message, level));
}
