namespace EtlPs.Engine.Changes;

/// <summary>
/// Source transactions that are stored together. Filled by the reader, emptied by the destination, used again.
/// A transaction larger than a batch spans several; only the last of them ends at a commit.
/// </summary>
internal sealed class ChangeBatch
{
    // A change in the list, a key and an image in the net changes, and their places in the index.
    private const long BytesOfChange = 160;

    private int _committed;

    /// <summary>The memory of the changes, and of what is made while they are compacted.</summary>
    public PinnedArena Arena { get; } = new();

    /// <summary>The changes in the source's commit order.</summary>
    public List<RowChange> Changes { get; } = [];

    /// <summary>
    /// About what the batch takes in memory, in bytes: the changes, and what compacting them adds for each.
    /// </summary>
    public long Weight => Arena.Bytes + (Changes.Count * BytesOfChange);

    /// <summary>How many transactions end in this batch.</summary>
    public int Transactions { get; set; }

    /// <summary>Whether the batch stops in the middle of a transaction.</summary>
    public bool EndsInsideTransaction { get; set; }

    /// <summary>
    /// The end LSN of the last commit, or a position that the server vouched for while nothing was pending.
    /// </summary>
    public Lsn Position { get; set; }

    /// <summary>The commit time of the last transaction that ended here, UTC.</summary>
    public DateTimeOffset? CommitTime { get; set; }

    /// <summary>Whether there is nothing to store.</summary>
    public bool IsEmpty => Changes.Count == 0 && !Position.IsKnown;

    /// <summary>Notes that a transaction has ended here.</summary>
    /// <param name="end">Its end.</param>
    /// <param name="time">When it was committed.</param>
    /// <param name="hadChanges">Whether it changed anything; only then it is counted.</param>
    public void Commit(Lsn end, DateTimeOffset time, bool hadChanges)
    {
        Position = end;
        CommitTime = time;
        if (hadChanges) Transactions++;
        _committed = Changes.Count;
    }

    /// <summary>Takes out the changes of the transaction that has not ended.</summary>
    public void DropOpenChanges() => Changes.RemoveRange(_committed, Changes.Count - _committed);

    public void Clear()
    {
        Arena.Clear();
        Changes.Clear();
        _committed = 0;
        Transactions = 0;
        EndsInsideTransaction = false;
        Position = Lsn.Zero;
        CommitTime = null;
    }
}
