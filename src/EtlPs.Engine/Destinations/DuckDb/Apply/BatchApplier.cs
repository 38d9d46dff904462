using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// Stores batches: all tables' changes and the position in one DuckDB transaction. A source transaction that spans
/// several batches stays one DuckDB transaction, which ends only where the source's did.
/// </summary>
internal sealed class BatchApplier(
    DuckDBConnection connection, IPositionStore state, IBaseRows source, Lsn position, IFaultHook faults)
{
    // A busy table finds its room again in the next batch; many tables that were busy once do not keep all of theirs.
    private const long MostRetained = 32 << 20;
    private const long LittleRetained = 32 << 10;

    private readonly Dictionary<uint, TableApplier> _appliers = [];
    private readonly Dictionary<uint, StreamedTable> _tables = [];
    private readonly List<TableApplier> _touched = [];
    private readonly HashSet<TableApplier> _isTouched = [];
    private readonly HashSet<TableApplier> _roomy = [];
    private readonly PinnedArena _scratch = new();
    private bool _inTransaction;
    private bool _hasLosses;

    /// <summary>The position stored last.</summary>
    public Lsn Position { get; private set; } = position;

    /// <summary>What is kept for the next batch, of all tables, in bytes.</summary>
    public long RetainedBytes => _appliers.Values.Sum(a => a.RetainedBytes);

    /// <summary>Says where a table's rows go now; forgets what was prepared for another name.</summary>
    /// <param name="table">The table.</param>
    /// <param name="target">The name of its rows now.</param>
    /// <param name="isHidden">Whether that is its hidden name.</param>
    public void Map(StreamedTable table, TableName target, bool isHidden = false)
    {
        var losses = state.Losses.OpenForStream(table.Schema, isHidden);
        _tables[table.Schema.Oid] = table;
        if (_appliers.TryGetValue(table.Schema.Oid, out var before)) _roomy.Remove(before);
        _appliers[table.Schema.Oid] = table.Schema.KeyColumns.Count > 0
            ? new KeyedTableApplier(connection, table, target, _scratch, source, state.Fetches, losses)
            : new KeylessTableApplier(
                connection, table, target, _scratch, losses, state.Losses.ReadColumns(table.Schema.Oid, isHidden));
    }

    /// <summary>Applies a batch and, where it ends at a commit, stores its position with it.</summary>
    /// <exception cref="TableFailedException">One table cannot go on; nothing of the transaction is stored.</exception>
    /// <exception cref="OperationCanceledException">Fetching rows was given up; nothing of the transaction is
    /// stored.</exception>
    public void Apply(ChangeBatch batch)
    {
        try
        {
            if (!_inTransaction) connection.Begin();
            _inTransaction = true;
            foreach (var change in batch.Changes)
            {
                if (!IsCurrent(change.Table)) continue;
                Applier(change.Table).Add(change);
                if (change is { IsTruncate: true, Table.Schema.Kind: 'p' })
                    state.NoteTruncation(change.Table.Schema.Oid);
            }
            foreach (var applier in _touched) Apply(applier, Position);
            ReleaseMemory();
            Forget();
            if (batch.EndsInsideTransaction)
            {
                faults.Reached(FaultPoint.PartApplied);
                return;
            }
            faults.Reached(FaultPoint.BatchApplied);
            if (_hasLosses) state.Losses.Stamp(batch.Position);
            _hasLosses = false;
            state.SavePosition(batch.Position, batch.CommitTime);
            connection.Commit();
            _inTransaction = false;
            Position = batch.Position;
            faults.Reached(FaultPoint.BatchCommitted);
        }
        catch (Exception e)
        {
            RollBack();
            if (e is TableFailedException or EtlException or OperationCanceledException) throw;
            throw DuckDbErrors.Translate(e, null);
        }
    }

    /// <summary>Undoes what is not committed; the next batch begins a new transaction.</summary>
    public void RollBack()
    {
        Forget();
        _hasLosses = false;
        if (!_inTransaction) return;
        _inTransaction = false;
        connection.RollBack();
    }

    private void Apply(TableApplier applier, Lsn position)
    {
        try
        {
            applier.Apply(position);
            _hasLosses |= applier.Losses.Close();
        }
        catch (Exception e) when (DuckDbErrors.ConcernsOneTable(e))
        {
            var table = applier.Table;
            throw new TableFailedException(table.Oid, table.Name, DuckDbErrors.OfTable(e, table.Name));
        }
    }

    /// <summary>A copy that took the table's place after the change was read holds it already.</summary>
    private bool IsCurrent(StreamedTable table) => ReferenceEquals(_tables[table.Schema.Oid], table);

    private TableApplier Applier(StreamedTable table)
    {
        var applier = _appliers[table.Schema.Oid];
        if (_isTouched.Add(applier)) _touched.Add(applier);
        return applier;
    }

    private void ReleaseMemory()
    {
        foreach (var applier in _touched)
            if (applier.RetainedBytes > LittleRetained) _roomy.Add(applier);
        if (_roomy.Sum(a => a.RetainedBytes) <= MostRetained) return;
        foreach (var applier in _roomy) applier.Release();
        _roomy.Clear();
    }

    private void Forget()
    {
        foreach (var applier in _touched) applier.Losses.Dispose();
        _touched.Clear();
        _isTouched.Clear();
        _scratch.Clear();
    }
}
