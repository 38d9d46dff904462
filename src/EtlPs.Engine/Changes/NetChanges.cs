using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EtlPs.Engine.Pipelines.Errors;

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
    private readonly ValueHolders _holders = new(table.Columns.Count);
    private readonly int[] _allColumns = [.. Enumerable.Range(0, table.Columns.Count)];
    private readonly TupleFields _held = new(table.Columns.Count);
    private readonly byte[] _keyKinds = new byte[table.KeyColumns.Count];

    /// <summary>Every row that was there before the batch goes.</summary>
    public bool Truncates { get; private set; }

    /// <summary>
    /// Whether old rows came whole. REPLICA IDENTITY FULL needs no key, so that nothing keeps the key's uniqueness from
    /// being dropped at the source without a word in the stream.
    /// </summary>
    public bool HasWholeOldRows { get; private set; }

    /// <summary>What is kept for the next batch, in bytes.</summary>
    public long RetainedBytes =>
        (_index.EnsureCapacity(0) * KeyBytes.BytesInIndex) + (_keys.Capacity * (long)Unsafe.SizeOf<KeyChange>())
        + (_images.Capacity * (long)Unsafe.SizeOf<RowImage>()) + _holders.RetainedBytes;

    /// <summary>Whether there is anything to do.</summary>
    public bool IsEmpty => !Truncates && _keys.Count == 0;

    /// <summary>The keys touched, in the order of their first change.</summary>
    public ReadOnlySpan<KeyChange> Keys => CollectionsMarshal.AsSpan(_keys);

    public RowImage Image(int index) => _images[index];

    /// <summary>Whether the key column's bytes are text or binary wire format.</summary>
    public byte KeyKind(int keyColumn) => _keyKinds[keyColumn];

    /// <summary>Who holds each column's value of an image that is not whole.</summary>
    public ReadOnlySpan<int> Holders(RowImage image) => _holders[image.Holders];

    /// <exception cref="TableFailedException">There is such a row already: the key no longer tells rows
    /// apart.</exception>
    public void Insert(RowTuple row)
    {
        // An UPDATE that a row filter lets in comes as an INSERT, without the large values that it did not change.
        Place(IndexOf(row), row.Fields.HasUnchanged
            ? new RowImage(row.Bytes, _holders.AddMissing(row.Fields), RowImage.AtSource)
            : new RowImage(row.Bytes, RowImage.None, RowImage.None));
    }

    /// <param name="old">The old row or its key; not present: the key is that of the new row.</param>
    /// <param name="oldIsWhole">Whether the old tuple holds every column (REPLICA IDENTITY FULL).</param>
    /// <param name="row">The new row.</param>
    /// <exception cref="TableFailedException">The key no longer tells rows apart.</exception>
    public void Update(RowTuple old, bool oldIsWhole, RowTuple row)
    {
        HasWholeOldRows |= oldIsWhole;
        if (old.IsPresent && row.Fields.HasUnchanged)
            row = TupleMerge.FillUnchanged(row, old, oldIsWhole ? _allColumns : table.KeyColumns, arena);
        var oldKey = IndexOf(old.IsPresent ? old : row);
        var newKey = old.IsPresent ? IndexOf(row) : oldKey;
        var previous = Take(oldKey, oldIsWhole ? old : default);
        var image = new RowImage(row.Bytes, RowImage.None, RowImage.None);
        if (row.Fields.HasUnchanged)
            image = previous == RowImage.None
                ? image with { Holders = _holders.AddMissing(row.Fields), Base = oldKey }
                : image with { Holders = _holders.Add(row.Fields, previous, _images[previous].Holders),
                    Base = _images[previous].Base };
        Place(newKey, image);
    }

    /// <param name="old">The old row or its key.</param>
    /// <param name="oldIsWhole">Whether the old tuple holds every column (REPLICA IDENTITY FULL).</param>
    /// <exception cref="TableFailedException">The key no longer tells rows apart.</exception>
    public void Delete(RowTuple old, bool oldIsWhole)
    {
        HasWholeOldRows |= oldIsWhole;
        Take(IndexOf(old), oldIsWhole ? old : default);
    }

    public void Truncate()
    {
        Clear();
        Truncates = true;
    }

    public void Clear()
    {
        Truncates = false;
        HasWholeOldRows = false;
        _index.Clear();
        _keys.Clear();
        _images.Clear();
        _holders.Clear();
    }

    /// <summary>Gives back what is kept; to be called when it is clear.</summary>
    public void Release()
    {
        _index.TrimExcess();
        _keys.Capacity = 0;
        _images.Capacity = 0;
        _holders.Release();
    }

    /// <summary>Takes the row of this key away and says what it was in this batch.</summary>
    /// <param name="whole">The whole row that the source means, where it was sent.</param>
    private int Take(int key, RowTuple whole)
    {
        ref var change = ref CollectionsMarshal.AsSpan(_keys)[key];
        var image = change.Image;
        if (image == RowImage.None)
        {
            // Gone once already, and nothing has taken its place.
            if (change.Deletes) throw LostKey.Error(table);
            change.Deletes = true;
        }
        else if (whole.IsPresent && !IsOf(whole, image))
        {
            // It means another row of the same key.
            throw LostKey.Error(table);
        }
        change.Image = RowImage.None;
        return image;
    }

    /// <summary>
    /// Whether a whole row is this image, as far as the batch knows it: an image from before the identity became FULL
    /// lacks what was not sent again.
    /// </summary>
    private bool IsOf(RowTuple whole, int image)
    {
        if (whole.Bytes.Span.SequenceEqual(_images[image].Tuple.Span)) return true;
        if (_images[image].IsWhole) return false;
        var holders = _holders[_images[image].Holders];
        var read = RowImage.None;
        for (var column = 0; column < holders.Length; column++)
        {
            if (holders[column] == ValueHolders.Destination) continue;
            var holder = holders[column] == ValueHolders.Own ? image : holders[column];
            var tuple = _images[holder].Tuple.Span;
            if (holder != read) _held.Read(tuple);
            read = holder;
            if (whole.Kind(column) != _held.Kind(column)
                || !whole.Value(column).SequenceEqual(_held.Value(tuple, column)))
                return false;
        }
        return true;
    }

    private void Place(int key, RowImage image)
    {
        ref var change = ref CollectionsMarshal.AsSpan(_keys)[key];
        if (change.Image != RowImage.None) throw LostKey.Error(table);
        change.Image = _images.Count;
        _images.Add(image);
    }

    private int IndexOf(RowTuple row)
    {
        var key = ReadKey(row);
        ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(_index, key, out var known);
        if (known) return index;
        index = _keys.Count;
        _keys.Add(new KeyChange(key));
        return index;
    }

    private KeyBytes ReadKey(RowTuple row)
    {
        var columns = table.KeyColumns;
        var length = 0;
        for (var i = 0; i < columns.Count; i++)
        {
            var kind = row.Kind(columns[i]);
            // NULL, or not sent: an old tuple of another key, or a key column that may be NULL by now.
            if (kind is not (TupleFields.Binary or TupleFields.Text)) throw LostKey.Error(table);
            _keyKinds[i] = kind;
            length += sizeof(int) + row.Fields.Length(columns[i]);
        }
        if (columns.Count == 1)
            return new KeyBytes(row.Bytes.Slice(row.Fields.Offset(columns[0]), row.Fields.Length(columns[0])));

        var composite = arena.Allocate(length);
        var target = composite.Buffer.AsSpan(composite.Offset, length);
        for (var i = 0; i < columns.Count; i++)
        {
            var value = row.Value(columns[i]);
            BinaryPrimitives.WriteInt32LittleEndian(target, value.Length);
            value.CopyTo(target[sizeof(int)..]);
            target = target[(sizeof(int) + value.Length)..];
        }
        return new KeyBytes(composite);
    }
}
