namespace EtlPs.Engine.Changes;

/// <summary>A table as a stream sees it.</summary>
/// <param name="Schema">The columns and key that rows are read by.</param>
/// <param name="CopiedAt">
/// Changes whose commit lies before this LSN are in the copy already. It is the end of a WAL record, so a commit record
/// either ends at or below it, or begins at or above it.
/// </param>
internal sealed record StreamedTable(TableSchema Schema, Lsn CopiedAt)
{
    /// <summary>
    /// Where the copy is exact once all changes since <see cref="CopiedAt"/> are in. Where it lies beyond that, the
    /// copy was made under several snapshots: until then it has rows of any time between, some twice and some not at
    /// all.
    /// </summary>
    public Lsn ExactAt { get; init; } = CopiedAt;

    /// <summary>
    /// Whether the copy had every row, and all that becomes of rows is sent: then a row that is changed or deleted is
    /// there.
    /// </summary>
    public bool HasAllRows { get; init; }

    /// <summary>
    /// Whether rows may be of another time than <paramref name="position"/>, up to where everything is stored.
    /// </summary>
    public bool IsReplayedAt(Lsn position) => CopiedAt < ExactAt && position < ExactAt;
}
