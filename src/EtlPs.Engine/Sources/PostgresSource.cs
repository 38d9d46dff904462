using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Sources;

/// <summary>What can be asked of a Postgres source apart from any pipeline. Reads only.</summary>
public sealed class PostgresSource(SourceSettings settings)
{
    /// <summary>How to reach it.</summary>
    public SourceSettings Settings { get; } = settings;

    /// <summary>The lag of one slot.</summary>
    /// <exception cref="Pipelines.Errors.EtlException">SlotMissing, and whatever a connection can meet.</exception>
    public Task<SlotLag> ReadSlotLagAsync(string slotName, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Runs one statement in a read-only transaction.</summary>
    public Task<QueryResult> QueryAsync(string sql, CancellationToken cancellationToken) => throw new NotImplementedException();
}
