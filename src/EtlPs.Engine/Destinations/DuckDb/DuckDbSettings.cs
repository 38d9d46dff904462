namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Where the copy goes and what DuckDB may use.</summary>
/// <param name="Path">An absolute path, or <c>:memory:</c>.</param>
public sealed record DuckDbSettings(string Path)
{
    /// <summary>The path that stands for a database without a file.</summary>
    public const string InMemory = ":memory:";

    /// <summary>DuckDB's memory_limit in bytes; null: DuckDB's own default (80 % of the machine).</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>DuckDB's threads; null: one for each core.</summary>
    public int? Threads { get; init; }

    /// <summary>Whether the database ends with the process.</summary>
    public bool IsInMemory => Path == InMemory;

    /// <inheritdoc/>
    public override string ToString() => Path;
}
