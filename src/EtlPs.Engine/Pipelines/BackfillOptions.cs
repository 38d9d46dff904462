namespace EtlPs.Engine.Pipelines;

/// <summary>How a backfill is run.</summary>
public sealed record BackfillOptions
{
    /// <summary>Drop what is there (tables, slot, publication of this pipeline) and copy anew.</summary>
    public bool Restart { get; init; }

    /// <summary>Copy once under one snapshot, without slot and publication.</summary>
    public bool SnapshotOnly { get; init; }

    /// <summary>
    /// SQL conditions by table (names as in SQL): only rows for which the table's is true are copied. For a one-off
    /// copy, which <see cref="SnapshotOnly"/> asks for.
    /// </summary>
    public IReadOnlyDictionary<string, string> Conditions { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// How many tables and ranges are copied at the same time where nobody has asked otherwise: the cores, up to 64.
    /// </summary>
    public static int DefaultWorkers => Math.Min(Environment.ProcessorCount, 64);

    /// <summary>How many tables and ranges are copied at the same time.</summary>
    public int Workers { get; init; } = DefaultWorkers;

    /// <summary>What to do when one table cannot be copied.</summary>
    public OnTableError OnTableError { get; init; }

    /// <summary>
    /// How long a lost connection is tried again without success before the backfill ends; zero: not at all.
    /// </summary>
    public TimeSpan ReconnectTimeout { get; init; } = Run.Reconnection.DefaultLongest;
}
