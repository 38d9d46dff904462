using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EtlPs.Engine.Changes;

/// <summary>
/// A batch's changes to one table with a key, compacted in order: which of the destination's rows go, and which rows
/// are there afterwards. Key chains are followed, so that a swap or <c>SET id = id + 1</c> comes out right.
/// </summary>
internal sealed class NetChanges(TableSchema table, PinnedArena arena)
{
    private readonly Dictionary<KeyBytes, int> _index = [];
    private readonly List<KeyChange> _keys = [];
    private readonly List<RowImage> _images = [];
    private readonly TupleFields _fields = new(table.Columns.Count);
    private readonly TupleFields _oldFields = new(table.Columns.Count);
    private readonly int[] _allColumns = [.. Enumerable.Range(0, table.Columns.Count)];
    private readonly byte[] _keyKinds = new byte[table.KeyColumns.Count];

    /// <summary>Every row that was there before the batch goes.</summary>
    public bool Truncates { get; private set; }

    /// <summary>Whether there is anything to do.</summary>
    public bool IsEmpty => !Truncates && _keys.Count == 0;

    /// <summary>The keys touched, in the order of their first change.</summary>
    public ReadOnlySpan<KeyChange> Keys => CollectionsMarshal.AsSpan(_keys);

    public RowImage Image(int index) => _images[index];

    /// <summary>Whether the key column's bytes are text or binary wire format.</summary>
    public byte KeyKind(int keyColumn) => _keyKinds[keyColumn];

    public void Insert(ByteSlice newTuple)
    {
        _fields.Read(newTuple.Span);
        var key = IndexOf(newTuple, _fields);
        CollectionsMarshal.AsSpan(_keys)[key].Image = AddImage(new RowImage(newTuple, RowImage.None, RowImage.None));
    }

    /// <param name="oldTuple">The old row or its key; not present: the key is that of the new row.</param>
    /// <param name="oldIsWhole">Whether the old tuple holds every column (REPLICA IDENTITY FULL).</param>
    /// <param name="newTuple">The new row.</param>
    public void Update(ByteSlice oldTuple, bool oldIsWhole, ByteSlice newTuple)
    {
        _fields.Read(newTuple.Span);
        if (oldTuple.IsPresent)
        {
            _oldFields.Read(oldTuple.Span);
            if (_fields.HasUnchanged)
            {
                newTuple = TupleMerge.FillUnchanged(
                    newTuple, _fields, oldTuple, _oldFields, oldIsWhole ? _allColumns : table.KeyColumns, table.Columns.Count, arena);
                _fields.Read(newTuple.Span);
            }
        }
        var oldKey = oldTuple.IsPresent ? IndexOf(oldTuple, _oldFields) : IndexOf(newTuple, _fields);
        var newKey = oldTuple.IsPresent ? IndexOf(newTuple, _fields) : oldKey;
        var previous = Touch(oldKey);
        var image = new RowImage(newTuple, RowImage.None, RowImage.None);
        if (_fields.HasUnchanged)
            image = previous == RowImage.None ? image with { Base = oldKey } : image with { Previous = previous };
        CollectionsMarshal.AsSpan(_keys)[newKey].Image = AddImage(image);
    }

    public void Delete(ByteSlice oldTuple)
    {
        _fields.Read(oldTuple.Span);
        Touch(IndexOf(oldTuple, _fields));
    }

    public void Truncate()
    {
        Clear();
        Truncates = true;
    }

    public void Clear()
    {
        Truncates = false;
        _index.Clear();
        _keys.Clear();
        _images.Clear();
    }

    /// <summary>The image that holds a column's value, seen from <paramref name="image"/>.</summary>
    /// <returns>The image; its <see cref="RowImage.Base"/> is set where only the destination has the value.</returns>
    public RowImage Holder(RowImage image, int column, TupleFields fields)
    {
        while (true)
        {
            fields.Read(image.Tuple.Span);
            if (fields.Kind(column) != TupleFields.Unchanged || image.Previous == RowImage.None) return image;
            image = _images[image.Previous];
        }
    }

    /// <summary>Takes the row of this key away and says what it was in this batch.</summary>
    private int Touch(int key)
    {
        ref var change = ref CollectionsMarshal.AsSpan(_keys)[key];
        var image = change.Image;
        if (image == RowImage.None) change.Deletes = true;
        change.Image = RowImage.None;
        return image;
    }

    private int AddImage(RowImage image)
    {
        _images.Add(image);
        return _images.Count - 1;
    }

    private int IndexOf(ByteSlice tuple, TupleFields fields)
    {
        var key = ReadKey(tuple, fields);
        ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(_index, key, out var known);
        if (known) return index;
        index = _keys.Count;
        _keys.Add(new KeyChange(key));
        return index;
    }

    private KeyBytes ReadKey(ByteSlice tuple, TupleFields fields)
    {
        var columns = table.KeyColumns;
        for (var i = 0; i < columns.Count; i++) _keyKinds[i] = fields.Kind(columns[i]);
        if (columns.Count == 1) return new KeyBytes(tuple.Slice(fields.Offset(columns[0]), fields.Length(columns[0])));

        var length = 0;
        for (var i = 0; i < columns.Count; i++) length += 4 + fields.Length(columns[i]);
        var composite = arena.Allocate(length);
        var target = composite.Buffer.AsSpan(composite.Offset, length);
        for (var i = 0; i < columns.Count; i++)
        {
            var value = fields.Value(tuple.Span, columns[i]);
            BinaryPrimitives.WriteInt32LittleEndian(target, value.Length);
            value.CopyTo(target[4..]);
            target = target[(4 + value.Length)..];
        }
        return new KeyBytes(composite);
    }
}
