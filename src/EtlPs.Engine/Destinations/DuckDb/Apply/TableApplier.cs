using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// Brings a batch's changes into one destination table: first each change is added and compacted, then the net result
/// is applied set-based inside the caller's transaction.
/// </summary>
internal abstract class TableApplier(DuckDBConnection connection, StreamedTable table, TableName target, LossLog losses)
{
    private readonly TupleFields _old = new(table.Schema.Columns.Count);
    private bool _hasColumns;

    /// <summary>The table at the source.</summary>
    public TableSchema Table => Schema;

    protected DuckDBConnection Connection { get; } = connection;

    protected TableSchema Schema { get; } = table.Schema;

    protected TableName Target { get; } = target;

    /// <summary>What is not written as it is.</summary>
    public LossLog Losses { get; } = losses;

    protected TupleWriter Writer { get; } = new(table.Schema);

    protected TupleFields Fields { get; } = new(table.Schema.Columns.Count);

    /// <summary>Takes one change, in order.</summary>
    public void Add(RowChange change)
    {
        if (change.IsTruncate)
        {
            AddTruncate();
            return;
        }
        var message = RowMessage.Read(change.Message, _old, Fields);
        switch (message.Kind)
        {
            case PgOutputKind.Insert: AddInsert(message.New); break;
            case PgOutputKind.Update: AddUpdate(message.Old, IsWhole(message.OldKind), message.New); break;
            default: AddDelete(message.Old, IsWhole(message.OldKind)); break;
        }
    }

    /// <summary>
    /// A partition's own identity decides what is logged of an old row, and its root's what the row is announced as:
    /// under a FULL root it may be a key all the same.
    /// </summary>
    private bool IsWhole(OldTuple kind) => kind == OldTuple.Full && Schema.Kind != 'p';

    /// <summary>Applies what was added inside the open transaction and forgets it.</summary>
    /// <param name="position">What is stored already; all changes were committed beyond it.</param>
    /// <exception cref="TableFailedException">The table cannot go on.</exception>
    public void Apply(Lsn position)
    {
        // Whoever had the file between two runs may have altered the table; while a run has it nobody can.
        if (!_hasColumns && !TableDdl.HasColumns(
            Connection, Target, Schema.Columns, Schema.Columns.Select((_, i) => Writer.DuckDbType(i))))
            throw new TableFailedException(Schema.Oid, Schema.Name, DuckDbErrors.Altered(Schema.Name));
        _hasColumns = true;
        Store(position);
    }

    /// <summary>Applies what was added, if anything was, and forgets it.</summary>
    protected abstract void Store(Lsn position);

    /// <summary>What is kept for the next batch, in bytes.</summary>
    public abstract long RetainedBytes { get; }

    /// <summary>Gives back what is kept.</summary>
    public abstract void Release();

    protected abstract void AddInsert(RowTuple row);

    protected abstract void AddUpdate(RowTuple old, bool oldIsWhole, RowTuple row);

    protected abstract void AddDelete(RowTuple old, bool oldIsWhole);

    protected abstract void AddTruncate();
}
