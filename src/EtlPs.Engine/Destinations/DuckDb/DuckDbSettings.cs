namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Where the copy goes and what DuckDB may use.</summary>
/// <param name="Path">An absolute path, or <c>:memory:</c>.</param>
public sealed record DuckDbSettings(string Path)
{
    /// <summary>The path that stands for a database without a file.</summary>
    public const string InMemory = ":memory:";

    // Some of it is the same however much DuckDB may use.
    private const long MostUncounted = 96 << 20;
    private const int ShareOfUncounted = 3;

    /// <summary>What DuckDB may use, in bytes; null: its own default (80 % of the machine).</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>
    /// DuckDB's memory_limit. It counts its blocks only, and keeps written ones until there is no more room, though
    /// nobody reads them in a copy; not what waits in appenders, what it copies to choose a compression, nor what its
    /// allocator keeps of freed memory.
    /// </summary>
    internal long? CountedMemory =>
        MemoryLimit - Math.Min(MemoryLimit.GetValueOrDefault() / ShareOfUncounted, MostUncounted);

    /// <summary>DuckDB's threads; null: <see cref="DefaultThreads"/>.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Half of the cores: the reader, and often the server too, need the others. DuckDB's threads spin while they wait
    /// for each other, so that more of them cost more than they bring when they meet load.
    /// </summary>
    public static int DefaultThreads => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Whether the database ends with the process.</summary>
    public bool IsInMemory => Path == InMemory;

    /// <inheritdoc/>
    public override string ToString() => Path;
}
