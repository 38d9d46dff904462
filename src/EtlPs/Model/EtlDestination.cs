using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Model;

/// <summary>A DuckDB file to copy to.</summary>
public sealed class EtlDestination
{
    internal EtlDestination(string path, long? memoryLimit = null, int? threads = null)
    {
        Path = path;
        MemoryLimit = memoryLimit;
        Threads = threads;
    }

    /// <summary>The file, or <c>:memory:</c>.</summary>
    public string Path { get; }

    /// <summary>What DuckDB may use, bytes; null: its own default.</summary>
    public long? MemoryLimit { get; }

    /// <summary>DuckDB's threads; null: half of the cores.</summary>
    public int? Threads { get; }

    /// <summary>Whether the path is a text as it was given, which the session's location says more about.</summary>
    internal bool IsUnresolved { get; init; }

    internal DuckDbSettings ToSettings() => new(Path) { MemoryLimit = MemoryLimit, Threads = Threads };

    /// <inheritdoc/>
    public override string ToString() => Path;
}
