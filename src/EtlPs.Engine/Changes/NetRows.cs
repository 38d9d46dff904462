using System.Runtime.InteropServices;

namespace EtlPs.Engine.Changes;

/// <summary>
/// A batch's changes to one table without a key (REPLICA IDENTITY FULL): rows are a multiset, so that all that counts
/// is how many of each whole row come or go.
/// </summary>
internal sealed class NetRows(TableSchema table, PinnedArena arena)
{
    private readonly Dictionary<KeyBytes, int> _counts = [];
    private readonly int[] _allColumns = [.. Enumerable.Range(0, table.Columns.Count)];

    /// <summary>Every row that was there before the batch goes.</summary>
    public bool Truncates { get; private set; }

    /// <summary>What is kept for the next batch, in bytes.</summary>
    public long RetainedBytes => _counts.EnsureCapacity(0) * KeyBytes.BytesInIndex;

    /// <summary>Whether there is anything to do.</summary>
    public bool IsEmpty => !Truncates && _counts.Count == 0;

    /// <summary>Each whole row (a TupleData) and how many of it come (above zero) or go (below).</summary>
    public Dictionary<KeyBytes, int> Counts => _counts;

    public void Insert(RowTuple row) => Count(row, 1);

    /// <exception cref="Pipelines.Errors.TableFailedException">The old row was not sent: whole rows are not logged any
    /// more.</exception>
    public void Update(RowTuple old, RowTuple row)
    {
        if (!old.IsPresent) throw LostRow.Error(table);
        if (old.Fields.HasUnchanged) throw TupleFields.Malformed();
        if (row.Fields.HasUnchanged) row = TupleMerge.FillUnchanged(row, old, _allColumns, arena);
        Count(old, -1);
        Count(row, 1);
    }

    public void Delete(RowTuple old) => Count(old, -1);

    public void Truncate()
    {
        _counts.Clear();
        Truncates = true;
    }

    public void Clear()
    {
        _counts.Clear();
        Truncates = false;
    }

    /// <summary>Gives back what is kept; to be called when it is clear.</summary>
    public void Release() => _counts.TrimExcess();

    private void Count(RowTuple row, int delta)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, new KeyBytes(row.Bytes), out _);
        count += delta;
    }
}
