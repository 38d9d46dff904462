using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>A table of a pipeline as its destination knows it.</summary>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Schema">The source table as it was when it was last copied or changed: names, columns, key.</param>
/// <param name="Destination">Its visible name in the destination.</param>
/// <param name="DuckDbTypes">The destination type of each column; empty while a column's type is not carried.</param>
/// <param name="State">Where it stands.</param>
/// <param name="CopiedAt">The LSN its copy is exact at (the greatest of its ranges).</param>
/// <param name="FileNode">pg_relation_filenode under the copy, which another one voids; then as it was last found
/// good.</param>
/// <param name="Rows">Rows copied.</param>
/// <param name="Bytes">Bytes read from the source.</param>
/// <param name="Error">Why it was set aside.</param>
/// <param name="StandsAt">Where its visible rows stand while they do not follow the pipeline; null: they do, or there
/// are none.</param>
/// <param name="StandsAtCommit">Commit time of the last transaction stored before that, UTC.</param>
/// <param name="ResetBegun">Since when it is copied again beside its visible rows, UTC; null: it is not.</param>
/// <param name="ReplayFrom">
/// The least LSN of its ranges, where they were copied under several snapshots: all changes from there on are replayed;
/// null: the copy is exact as it is.
/// </param>
/// <param name="KeyIndex">
/// The index that kept its key unique when it was begun (pg_index.indexrelid): while it is there, the key has told rows
/// apart. 0: there was none, or nobody noted it.
/// </param>
/// <param name="Horizon">
/// Every transaction before this one (xid8) was over when its file and columns were noted: rows of theirs were there;
/// 0: nobody noted it.
/// </param>
/// <param name="PublishedBy">The publication's entry that it was last found under; 0: nobody noted it.</param>
internal sealed record TableRecord(
    string Pipeline,
    TableSchema Schema,
    TableName Destination,
    IReadOnlyList<string> DuckDbTypes,
    TableState State,
    Lsn CopiedAt = default,
    uint FileNode = 0,
    long Rows = 0,
    long Bytes = 0,
    TableError? Error = null,
    Lsn? StandsAt = null,
    DateTimeOffset? StandsAtCommit = null,
    DateTimeOffset? ResetBegun = null,
    Lsn? ReplayFrom = null,
    uint KeyIndex = 0,
    ulong Horizon = 0,
    uint PublishedBy = 0)
{
    /// <summary>pg_class.oid.</summary>
    public uint Oid => Schema.Oid;

    /// <summary>The source table as it was last found to be what was copied.</summary>
    public TableSchema Seen => Schema with { FileNode = FileNode, PublishedBy = PublishedBy };

    /// <summary>The table in Postgres.</summary>
    public TableName Source => Schema.Name;

    /// <summary>The columns that are copied.</summary>
    public IReadOnlyList<ColumnSchema> Columns => Schema.Columns;

    /// <summary>Indexes of the columns that identify a row.</summary>
    public IReadOnlyList<int> KeyColumns => Schema.KeyColumns;

    /// <summary>
    /// The name until the table is shown: in the same schema, since DuckDB moves no table between schemas, and with the
    /// pipeline in it, since two clusters number their tables alike.
    /// </summary>
    public TableName HiddenName => Destination with { Name = $"__etlps_{Pipeline}_{Oid}" };

    /// <summary>The name that the rows are under now.</summary>
    public TableName CurrentName => IsVisible ? Destination : HiddenName;

    /// <summary>
    /// The table set aside before it was shown: nothing of its copy stays, and an earlier one stays where it stood.
    /// </summary>
    public TableRecord Aside(EtlException error) => this with
    {
        State = TableState.SetAside, CopiedAt = Lsn.Zero, ReplayFrom = null, Rows = 0, Bytes = 0, ResetBegun = null,
        Error = TableError.Of(error, StandsAt),
    };

    /// <summary>
    /// The table shown and following the pipeline: no error, and nowhere that it stands at by itself.
    /// </summary>
    public TableRecord Ready() => this with
    {
        State = TableState.Ready, Error = null, StandsAt = null, StandsAtCommit = null, ResetBegun = null,
    };

    /// <summary>
    /// The table as its visible rows stop following the pipeline, which has stored everything up to
    /// <paramref name="position"/>.
    /// </summary>
    public TableRecord Standing(Lsn position, DateTimeOffset? commitTime) =>
        IsVisible ? this with { StandsAt = position, StandsAtCommit = commitTime } : this;

    /// <summary>Whether the rows that are followed have the visible name, by the table's state.</summary>
    public bool IsVisible => State == TableState.Ready;

    /// <summary>Whether rows of this table can be read under its visible name, be they followed or not.</summary>
    public bool HasVisibleRows => IsVisible || StandsAt is not null;
}
