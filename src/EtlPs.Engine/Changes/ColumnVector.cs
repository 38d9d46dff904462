using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Native;
using Native = DuckDB.NET.Native.NativeMethods.Vectors;

namespace EtlPs.Engine.Changes;

/// <summary>
/// The memory of one column of a chunk that is being filled. This is the one place of unsafe code: rows and widths are
/// checked here, addresses never leave. A row is written once per chunk; a row that is not written holds anything.
/// </summary>
internal sealed unsafe class ColumnVector
{
    private const int StringWidth = 16;
    private const int InlinedLength = 12;

    private readonly nint _vector;
    private readonly VectorShape _shape;
    private readonly int _width;
    private readonly int _rowWidth;
    private readonly ValueArena _arena;
    private readonly ColumnVector _column;
    private readonly ColumnVector? _elements;
    private readonly ColumnVector[] _fields = [];
    private byte* _data;
    private ulong* _validity;
    private int _capacity;
    private int _elementCount;
    private int _lastList = -1;
    private long _referencedBytes;
    private bool _hasNulls;
    private OnUnrepresentable _onUnrepresentable;
    private string? _loss;

    /// <summary>Takes over a flat vector of DuckDB's, with all rows valid.</summary>
    public ColumnVector(nint vector, int capacity, ValueArena arena)
        : this(vector, capacity, arena, null)
    {
    }

    private ColumnVector(nint vector, int capacity, ValueArena arena, ColumnVector? column)
    {
        _vector = vector;
        _column = column ?? this;
        _capacity = capacity;
        _arena = arena;
        using (var type = Native.DuckDBVectorGetColumnType(vector))
            (_shape, _width) = VectorLayout.Of(type);
        if (_shape == VectorShape.List)
            _elements = new ColumnVector(Native.DuckDBListVectorGetChild(vector), capacity, arena, _column);
        if (_shape == VectorShape.Struct)
            _fields = [.. ChildrenOf(vector).Select(field => new ColumnVector(field, capacity, arena, _column))];
        _rowWidth = _width + _fields.Sum(field => field._rowWidth);
        FetchAddresses();
    }

    /// <summary>
    /// What a codec does with values of the column that cannot be held: it throws, or under Null and Round it leaves a
    /// note, which whoever has chosen so takes after each value.
    /// </summary>
    public OnUnrepresentable OnUnrepresentable
    {
        get => _column._onUnrepresentable;
        set => _column._onUnrepresentable = value;
    }

    /// <summary>Whether each value takes the same memory, here and nowhere else.</summary>
    public bool HasFixedWidth => _shape == VectorShape.Fixed;

    /// <summary>How many fields a struct has; 0: it is none.</summary>
    public int FieldCount => _fields.Length;

    /// <summary>
    /// The memory that its rows take, those that are filled and those that are not, and the elements of lists.
    /// </summary>
    public long ReservedBytes =>
        OwnBytes(_capacity) + (_elements?.ReservedBytes ?? 0) + _fields.Sum(f => f.ReservedBytes);

    /// <summary>The vector of a struct's field, of as many rows.</summary>
    public ColumnVector Field(int index) => _fields[index];

    /// <summary>
    /// Notes that a value, or something in it, is not written as it is; the first note of a value counts.
    /// </summary>
    /// <param name="kind">The kind of value, never the value.</param>
    public void Lose(string kind) => _column._loss ??= kind;

    /// <summary>What was noted of the value that was written last; null: nothing.</summary>
    public string? TakeLoss()
    {
        var loss = _column._loss;
        if (loss is not null) _column._loss = null;
        return loss;
    }

    /// <summary>Marks a row as NULL.</summary>
    public void SetNull(int row)
    {
        if ((uint)row >= (uint)_capacity)
            ThrowRow(row);
        if (_validity is null)
        {
            Native.DuckDBVectorEnsureValidityWritable(_vector);
            _validity = Native.DuckDBVectorGetValidity(_vector);
        }

        _validity[row >> 6] &= ~(1UL << (row & 63));
        _hasNulls = true;
        if (_shape == VectorShape.List)
        {
            if (row == _lastList)
                ClearElements(row);
            WriteListEntry(row, 0);
        }

        foreach (var field in _fields)
            field.SetNull(row);
    }

    /// <summary>Writes a value of fixed width, in DuckDB's own layout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set<T>(int row, T value)
        where T : unmanaged
    {
        if ((uint)row >= (uint)_capacity || sizeof(T) != _width || _shape != VectorShape.Fixed)
            ThrowMismatch(row, sizeof(T));
        Unsafe.WriteUnaligned(_data + ((nint)row * sizeof(T)), value);
    }

    /// <summary>
    /// Writes text or bytes. Up to 12 bytes are copied; longer ones are only pointed to, so they must be pinned memory
    /// that stays as it is until the chunk is appended.
    /// </summary>
    public void SetBytes(int row, ReadOnlySpan<byte> pinned)
    {
        if ((uint)row >= (uint)_capacity || _shape != VectorShape.Bytes)
            ThrowMismatch(row, StringWidth);
        var target = _data + ((nint)row * StringWidth);
        *(int*)target = pinned.Length;
        if (pinned.Length > InlinedLength)
        {
            ref var first = ref MemoryMarshal.GetReference(pinned);
            *(uint*)(target + 4) = Unsafe.ReadUnaligned<uint>(ref first);
            *(void**)(target + 8) = Unsafe.AsPointer(ref first);
            _referencedBytes += pinned.Length;
            return;
        }

        // Comparison reads all 12 bytes, so those behind the value must be zero.
        *(uint*)(target + 4) = 0;
        *(ulong*)(target + 8) = 0;
        pinned.CopyTo(new Span<byte>(target + 4, InlinedLength));
    }

    /// <summary>
    /// Pinned bytes that live until the chunk is appended, to build a value in for <see cref="SetBytes"/>.
    /// </summary>
    public Span<byte> Allocate(int length) => _arena.Take(length);

    /// <summary>
    /// Begins a list: its elements go to the returned vector's rows from <paramref name="firstElement"/>.
    /// </summary>
    /// <exception cref="NoRoomForElementsException">There is no memory for the elements.</exception>
    public ColumnVector BeginList(int row, int length, out int firstElement)
    {
        if ((uint)row >= (uint)_capacity || _elements is null)
            ThrowMismatch(row, StringWidth);
        firstElement = _elementCount;
        var count = (long)_elementCount + length;
        if (count > _elements._capacity)
            _elements.Grow(count, _vector);
        // Else the elements of a whole chunk would be in memory at once, whatever their number.
        _arena.Count((long)length * _elements._rowWidth);
        _lastList = row;
        WriteListEntry(row, length);
        _elementCount = (int)count;
        return _elements;
    }

    /// <summary>Tells DuckDB what the vector now holds; returns how many bytes its first rows take.</summary>
    public long Seal(int rows)
    {
        var bytes = ((long)rows * _width) + _referencedBytes;
        foreach (var field in _fields)
            bytes += field.Seal(rows);
        if (_elements is null)
            return bytes;
        if (Native.DuckDBListVectorSetSize(_vector, (ulong)_elementCount) != DuckDBState.Success)
            throw new InvalidOperationException("DuckDB does not take the length of a list vector.");
        return bytes + _elements.Seal(_elementCount);
    }

    /// <summary>Makes the vector empty again after its chunk was appended.</summary>
    /// <remarks>
    /// Appending copies, and leaves a flat vector's memory in place: resetting the chunk instead would shrink list
    /// children, drop the masks and cost a round of calls to get them again.
    /// </remarks>
    public void Clear()
    {
        if (_hasNulls)
            new Span<ulong>(_validity, (_capacity + 63) / 64).Fill(ulong.MaxValue);
        _hasNulls = false;
        _elementCount = 0;
        _lastList = -1;
        _loss = null;
        _referencedBytes = 0;
        _elements?.Clear();
        foreach (var field in _fields)
            field.Clear();
    }

    /// <summary>
    /// Of a list that could not be read to its end some elements hold anything, and DuckDB copies them all, whoever
    /// refers to them.
    /// </summary>
    private void ClearElements(int row)
    {
        var entry = (ulong*)(_data + ((nint)row * 16));
        for (var i = 0UL; i < entry[1]; i++)
            _elements!.SetNull((int)(entry[0] + i));
    }

    private void WriteListEntry(int row, int length)
    {
        var entry = (ulong*)(_data + ((nint)row * 16));
        entry[0] = (ulong)_elementCount;
        entry[1] = (ulong)length;
    }

    /// <summary>
    /// Makes the elements of a list vector so many, or twice what they were, since DuckDB copies them all when they
    /// grow.
    /// </summary>
    private void Grow(long count, nint list)
    {
        var capacity = Math.Max(count, 2L * _capacity);
        if (!HasRoom(capacity))
            capacity = count;
        if (!HasRoom(capacity) || Native.DuckDBListVectorReserve(list, (ulong)capacity) != DuckDBState.Success)
            throw new NoRoomForElementsException();
        TakeCapacity((int)capacity);
    }

    // DuckDB takes the next power of two.
    private bool HasRoom(long capacity) => capacity <= Array.MaxLength
        && NativeRoom.Has(BytesOf((long)BitOperations.RoundUpToPowerOf2((ulong)capacity)));

    /// <summary>What so many rows take, but for the elements of lists in them.</summary>
    private long BytesOf(long capacity) => OwnBytes(capacity) + _fields.Sum(field => field.BytesOf(capacity));

    // The values, and a bit for each that says whether it is NULL.
    private long OwnBytes(long capacity) => (capacity * _width) + (capacity / 8);

    private void TakeCapacity(int capacity)
    {
        _capacity = capacity;
        FetchAddresses();
        foreach (var field in _fields)
            field.TakeCapacity(capacity);
    }

    private static IEnumerable<nint> ChildrenOf(nint vector)
    {
        using var type = Native.DuckDBVectorGetColumnType(vector);
        for (long i = 0, count = NativeMethods.LogicalType.DuckDBStructTypeChildCount(type); i < count; i++)
            yield return Native.DuckDBStructVectorGetChild(vector, i);
    }

    private void FetchAddresses()
    {
        _data = (byte*)Native.DuckDBVectorGetData(_vector);
        _validity = Native.DuckDBVectorGetValidity(_vector);
    }

    [DoesNotReturn]
    private void ThrowRow(int row) =>
        throw new ArgumentOutOfRangeException(nameof(row), row, $"The vector has {_capacity} rows.");

    [DoesNotReturn]
    private void ThrowMismatch(int row, int width)
    {
        if ((uint)row >= (uint)_capacity)
            ThrowRow(row);
        throw new InvalidOperationException(
            $"A value of {width} bytes does not go into a {_shape} vector of {_width}.");
    }
}
