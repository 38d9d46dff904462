using System.Collections;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Model;

/// <summary>A pipeline as this session defines it, and what its destination knew of it when it was read.</summary>
public sealed class EtlPipeline
{
    internal EtlPipeline(RegisteredPipeline registered, PipelineStatus? status = null)
    {
        Registered = registered;
        var definition = registered.Pipeline.Definition;
        Name = definition.Name;
        Source = registered.Source;
        Destination = registered.Destination;
        Table = [.. definition.Tables];
        ExcludeTable = [.. definition.ExcludedTables];
        SlotName = definition.EffectiveSlotName;
        FailoverSlot = definition.FailoverSlot;
        Publication = definition.EffectivePublication;
        DestinationSchema = definition.DestinationSchema;
        TableMap = definition.TableMap.ToDictionary(StringComparer.Ordinal);
        ColumnMap = definition.ColumnMap.ToDictionary(StringComparer.Ordinal);
        UnboundedNumeric = definition.UnboundedNumeric.ToDictionary(
            c => c.Key, c => c.Value.ToString(), StringComparer.Ordinal);
        OnUnrepresentable = definition.OnUnrepresentable.ToDictionary(
            c => c.Key, c => c.Value.ToString(), StringComparer.Ordinal);
        Running = registered.Pipeline.IsRunning;
        Lsn = status is { Position.IsKnown: true } ? status.Position.ToString() : null;
        LastCommit = status?.LastCommit;
        Tables = status is null ? [] : [.. status.Tables.Select(table => new EtlTable(registered, table))];
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The Postgres database.</summary>
    public EtlSource Source { get; }

    /// <summary>The DuckDB file.</summary>
    public EtlDestination Destination { get; }

    /// <summary>The tables as they were named; empty: all that the user can read.</summary>
    public string[] Table { get; }

    /// <summary>The tables that are left out, as they were named.</summary>
    public string[] ExcludeTable { get; }

    /// <summary>The replication slot.</summary>
    public string SlotName { get; }

    /// <summary>Whether standbys may keep a copy of the slot.</summary>
    public bool FailoverSlot { get; }

    /// <summary>The publication.</summary>
    public string Publication { get; }

    /// <summary>The schema that all tables go to; null: the source's schema names.</summary>
    public string? DestinationSchema { get; }

    /// <summary>Tables' names at the destination, where they are others than at the source.</summary>
    public IDictionary TableMap { get; }

    /// <summary>Columns' names at the destination, likewise.</summary>
    public IDictionary ColumnMap { get; }

    /// <summary>
    /// How numerics are carried that DECIMAL has no type for, by column; as text where nothing is said.
    /// </summary>
    public IDictionary UnboundedNumeric { get; }

    /// <summary>
    /// What becomes of values that DuckDB's type cannot hold, by column; errors where nothing is said.
    /// </summary>
    public IDictionary OnUnrepresentable { get; }

    /// <summary>Whether a run of this session was under way.</summary>
    public bool Running { get; }

    /// <summary>Everything up to here is in the destination; null: nothing yet, or not read.</summary>
    public string? Lsn { get; }

    /// <summary>Commit time of the last transaction in the destination, UTC.</summary>
    public DateTimeOffset? LastCommit { get; }

    /// <summary>The tables that the destination knows, and their states.</summary>
    public EtlTable[] Tables { get; }

    internal RegisteredPipeline Registered { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
