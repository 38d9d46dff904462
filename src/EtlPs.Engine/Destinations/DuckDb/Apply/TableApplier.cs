using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// Brings a batch's changes into one destination table: first each change is added and compacted, then the net result
/// is applied set-based inside the caller's transaction.
/// </summary>
internal abstract class TableApplier(DuckDBConnection connection, StreamedTable table, TableName target)
{
    // Kind byte, relation id, and the K or O that says what the old tuple is.
    private const int OldTupleOffset = 6;

    protected DuckDBConnection Connection { get; } = connection;

    protected TableSchema Schema { get; } = table.Schema;

    protected TableName Target { get; } = target;

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
        var message = RowMessage.Read(change.Message.Span);
        var length = change.Message.Length;
        var newTuple = message.New.IsEmpty ? default : change.Message.Slice(length - message.New.Length, message.New.Length);
        var oldTuple = message.Old.IsEmpty ? default : change.Message.Slice(OldTupleOffset, message.Old.Length);
        switch (message.Kind)
        {
            case PgOutputKind.Insert: AddInsert(newTuple); break;
            case PgOutputKind.Update: AddUpdate(oldTuple, IsWhole(message.OldKind), newTuple); break;
            case PgOutputKind.Delete: AddDelete(oldTuple); break;
            default: throw new InvalidOperationException($"{message.Kind} is no row change.");
        }
    }

    /// <summary>
    /// A partition's own identity decides what is logged of an old row, and its root's what the row is announced as: under
    /// a FULL root it may be a key all the same.
    /// </summary>
    private bool IsWhole(OldTuple kind) => kind == OldTuple.Full && Schema.Kind != 'p';

    /// <summary>Applies what was added inside the open transaction and forgets it.</summary>
    public abstract void Apply();

    protected abstract void AddInsert(ByteSlice newTuple);

    protected abstract void AddUpdate(ByteSlice oldTuple, bool oldIsWhole, ByteSlice newTuple);

    protected abstract void AddDelete(ByteSlice oldTuple);

    protected abstract void AddTruncate();
}
