using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// What source and destination look like before a run, and what follows from it. Made with reads only.
/// </summary>
internal sealed record Survey
{
    /// <summary>The source cluster and database.</summary>
    public required ServerIdentity Identity { get; init; }

    /// <summary>
    /// The timeline that the pipeline goes on from, where a standby was promoted since; null: it is the same one.
    /// </summary>
    public required uint? LeftTimeline { get; init; }

    /// <summary>The pipeline as the destination knows it; null: not at all.</summary>
    public required PipelineRecord? Known { get; init; }

    /// <summary>
    /// Whether the run begins from nothing: the first time, after a start that got nowhere, or because it was asked to.
    /// </summary>
    public required bool StartsAnew { get; init; }

    /// <summary>Whether the pipeline has, or will have, a slot and a publication.</summary>
    public required bool UsesSlot { get; init; }

    /// <summary>
    /// Whether the publication sends whatever becomes of a row; one that a DBA made may leave operations out.
    /// </summary>
    public required bool SendsAllRows { get; init; }

    /// <summary>A publication of an earlier start, which a new start drops first; null: there is none.</summary>
    public required PublicationInfo? PublicationToDrop { get; init; }

    /// <summary>A slot of an earlier start, which a new start drops first; null: there is none.</summary>
    public required SlotInfo? SlotToDrop { get; init; }

    /// <summary>Whether the slot that the run goes on with is to outlive a failover, and does not yet.</summary>
    public required bool EnablesFailover { get; init; }

    /// <summary>The pipeline's tables.</summary>
    public required IReadOnlyList<SurveyedTable> Tables { get; init; }

    /// <summary>Those of them that join a pipeline which goes on.</summary>
    public required JoiningTables Joining { get; init; }

    /// <summary>What the destination holds of an earlier copy of this pipeline.</summary>
    public required IReadOnlyList<TableRecord> EarlierTables { get; init; }

    /// <summary>What a careful person would want to know before.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The tables whose rows are still to be copied.</summary>
    public IEnumerable<SurveyedTable> TablesToCopy => Tables.Where(t => t.NeedsCopy);
}
