using System.Runtime.InteropServices;

namespace EtlPs.Engine.Changes;

/// <summary>
/// A batch's changes to one table without a key (REPLICA IDENTITY FULL): rows are a multiset, so that all that counts
/// is how many of each whole row come or go.
/// </summary>
internal sealed class NetRows(TableSchema table, PinnedArena arena)
{
    private readonly Dictionary<KeyBytes, int> _counts = [];
    private readonly TupleFields _fields = new(table.Columns.Count);
    private readonly TupleFields _oldFields = new(table.Columns.Count);
    private readonly int[] _allColumns = [.. Enumerable.Range(0, table.Columns.Count)];

    /// <summary>Every row that was there before the batch goes.</summary>
    public bool Truncates { get; private set; }

    /// <summary>Whether there is anything to do.</summary>
    public bool IsEmpty => !Truncates && _counts.Count == 0;

    /// <summary>Each whole row (a TupleData) and how many of it come (above zero) or go (below).</summary>
    public IReadOnlyDictionary<KeyBytes, int> Counts => _counts;

    public void Insert(ByteSlice newTuple) => Count(newTuple, _fields, 1);

    public void Update(ByteSlice oldTuple, ByteSlice newTuple)
    {
        _fields.Read(newTuple.Span);
        if (_fields.HasUnchanged)
        {
            _oldFields.Read(oldTuple.Span);
            newTuple = TupleMerge.FillUnchanged(
                newTuple, _fields, oldTuple, _oldFields, _allColumns, table.Columns.Count, arena);
        }
        Count(oldTuple, _oldFields, -1);
        Count(newTuple, _fields, 1);
    }

    public void Delete(ByteSlice oldTuple) => Count(oldTuple, _oldFields, -1);

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

    private void Count(ByteSlice tuple, TupleFields fields, int delta)
    {
        fields.Read(tuple.Span);
        var row = new KeyBytes(tuple.Slice(0, fields.TupleLength));
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, row, out _);
        count += delta;
    }
}
