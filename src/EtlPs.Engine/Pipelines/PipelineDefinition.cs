using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Sources;

namespace EtlPs.Engine.Pipelines;

/// <summary>What a pipeline is: where from, where to, which tables. Nothing here has been touched yet.</summary>
public sealed record PipelineDefinition
{
    /// <summary>The name: 1 to 40 of <c>[a-z0-9_]</c> (slot and publication are named after it).</summary>
    public required string Name { get; init; }

    /// <summary>The Postgres database.</summary>
    public required SourceSettings Source { get; init; }

    /// <summary>The DuckDB file.</summary>
    public required DuckDbSettings Destination { get; init; }

    /// <summary>
    /// Table names as in SQL, <c>*</c> and <c>?</c> outside quotes as wildcards; empty: every table the user can read.
    /// </summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Table names, likewise, that are left out; with a publication that a DBA made, of its tables.</summary>
    public IReadOnlyList<string> ExcludedTables { get; init; } = [];

    /// <summary>A publication that a DBA made; null: the pipeline makes its own, <c>etlps_NAME</c>.</summary>
    public string? Publication { get; init; }

    /// <summary>The slot's name; null: <c>etlps_NAME</c>.</summary>
    public string? SlotName { get; init; }

    /// <summary>
    /// Whether standbys may keep a copy of the slot, to go on from after a failover (Postgres 17 and later).
    /// </summary>
    public bool FailoverSlot { get; init; }

    /// <summary>One destination schema for all tables; null: the source's schema names.</summary>
    public string? DestinationSchema { get; init; }

    /// <summary>
    /// How numerics are carried that DECIMAL has no type for, by column names as in SQL (<c>schema.table.column</c>),
    /// with wildcards, <c>*</c> for all; text where nothing is said.
    /// </summary>
    public IReadOnlyDictionary<string, UnboundedNumeric> UnboundedNumeric { get; init; } =
        new Dictionary<string, UnboundedNumeric>();

    /// <summary>
    /// What becomes of values that DuckDB's type cannot hold, by column names likewise; where nothing is said, they are
    /// their table's error.
    /// </summary>
    public IReadOnlyDictionary<string, OnUnrepresentable> OnUnrepresentable { get; init; } =
        new Dictionary<string, OnUnrepresentable>();

    /// <summary>
    /// Tables' names at the destination, by their names at the source, each with or without a schema, as in SQL.
    /// </summary>
    public IReadOnlyDictionary<string, string> TableMap { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Columns' names at the destination, by their names at the source (<c>schema.table.column</c>), as in SQL.
    /// </summary>
    public IReadOnlyDictionary<string, string> ColumnMap { get; init; } = new Dictionary<string, string>();

    /// <summary>The slot's name in force.</summary>
    public string EffectiveSlotName => SlotName ?? $"etlps_{Name}";

    /// <summary>The publication's name in force.</summary>
    public string EffectivePublication => Publication ?? $"etlps_{Name}";

    /// <summary>After how long a silent walsender counts as gone; null: as the server's own setting suggests.</summary>
    internal TimeSpan? LongestSilence { get; init; }

    /// <summary>About how many bytes of a table are copied in one go; null: as its size suggests.</summary>
    internal long? RangeBytes { get; init; }
}
