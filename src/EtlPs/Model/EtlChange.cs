using System.Management.Automation;
using EtlPs.Engine.Pipelines.Watch;
using EtlPs.Hosting;

namespace EtlPs.Model;

/// <summary>One change of one table at the source, of a transaction that has committed.</summary>
public sealed class EtlChange
{
    internal EtlChange(SourceChange change)
    {
        Table = change.Table.ToString();
        Operation = change.Kind.ToString();
        Old = ToBag(change.Old);
        New = ToBag(change.New);
        Changed = [.. change.Changed];
        ChangedIsExact = change.IsExact;
        Unsent = [.. change.Unsent];
        Lsn = change.CommitLsn.ToString();
        CommitTime = change.CommitTime;
        Xid = change.Xid;
    }

    /// <summary>The table, as in SQL.</summary>
    public string Table { get; }

    /// <summary>Insert, Update, Delete or Truncate.</summary>
    public string Operation { get; }

    /// <summary>
    /// The row before, a property for each column: all of them under REPLICA IDENTITY FULL, else its key where that was
    /// sent; null: nothing was.
    /// </summary>
    public PSObject? Old { get; }

    /// <summary>The row after, a property for each column but those in Unsent; null where there is none.</summary>
    public PSObject? New { get; }

    /// <summary>The columns that an update changed; those that it may have, where ChangedIsExact is false.</summary>
    public string[] Changed { get; }

    /// <summary>Whether Postgres sent the old row, so that Changed is exact.</summary>
    public bool ChangedIsExact { get; }

    /// <summary>Columns with a large value that stayed, which Postgres does not send again.</summary>
    public string[] Unsent { get; }

    /// <summary>Where the transaction commits.</summary>
    public string Lsn { get; }

    /// <summary>When it was committed, by the source's clock, UTC.</summary>
    public DateTimeOffset CommitTime { get; }

    /// <summary>The transaction's id.</summary>
    public uint Xid { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Operation} of {Table} at {Lsn}";

    private static PSObject? ToBag(SourceRow? row) =>
        row is null ? null : new QueryRows(row.Columns).ToObject([.. row.Values]);
}
