using EtlPs.Engine.Pipelines;

namespace EtlPs.Model;

/// <summary>What a stream did in one run.</summary>
public sealed class EtlStreamResult
{
    internal EtlStreamResult(string pipeline, StreamResult result)
    {
        Name = pipeline;
        Transactions = result.Transactions;
        Changes = result.Changes;
        Lsn = result.Position.ToString();
        LagBytes = result.LagBytes;
        Elapsed = result.Elapsed;
        EndedBy = result.EndedBy.ToString();
        Reconnects = result.Reconnects;
        Backfilled = [.. result.Backfilled.Select(table => new EtlTableCopyResult(pipeline, table))];
        SetAside = [.. result.SetAside.Select(table => new EtlTableCopyResult(pipeline, table))];
    }

    /// <summary>The pipeline.</summary>
    public string Name { get; }

    /// <summary>Source transactions stored.</summary>
    public long Transactions { get; }

    /// <summary>Row changes and truncations stored.</summary>
    public long Changes { get; }

    /// <summary>Everything up to here is in the destination.</summary>
    public string Lsn { get; }

    /// <summary>Bytes of WAL between there and the server's end.</summary>
    public long LagBytes { get; }

    /// <summary>From start to end.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Stopped, CaughtUp, LsnReached or DurationOver.</summary>
    public string EndedBy { get; }

    /// <summary>How often a lost connection was made anew.</summary>
    public int Reconnects { get; }

    /// <summary>The tables copied before the stream began.</summary>
    public EtlTableCopyResult[] Backfilled { get; }

    /// <summary>The tables that were set aside.</summary>
    public EtlTableCopyResult[] SetAside { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Transactions} transactions, {Changes} changes, at {Lsn}";
}
