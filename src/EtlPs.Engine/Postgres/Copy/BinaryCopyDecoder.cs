using System.Buffers.Binary;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>
/// Decodes raw COPY BINARY bytes into the chunks of an appender. Each batch is walked once for the fields' places, then
/// read column by column: one codec's code and one vector's memory stay hot for hundreds of values.
/// </summary>
internal sealed class BinaryCopyDecoder
{
    // A batch's bytes are read once per column: they should still be in the second-level cache then.
    private const int BatchBytes = 128 * 1024;

    // A value may take far more memory than its wire: after so many it is asked whether there is room for more.
    private const int RowsAtOnce = 32;
    private const int FixedHeaderLength = 19;
    private const int MaxFieldLength = 0x3FFF_FFFF;
    private const short Trailer = -1;

    private readonly ColumnCodec[] _codecs;
    private readonly TableAppender _appender;
    private readonly CopyField[] _fields;
    private readonly int _stride;
    private readonly ICopyLosses? _losses;
    private readonly List<(int Column, int Row, string Kind)> _lost = [];
    private bool _headerRead;

    /// <summary>Makes a decoder for one COPY of these columns into the appender's first columns.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="codecs">How each is read.</param>
    /// <param name="appender">Takes the rows.</param>
    /// <param name="losses">Takes note of values that are not written as they are, in columns that are defined so;
    /// null: in none.</param>
    public BinaryCopyDecoder(
        IReadOnlyList<ColumnSchema> columns, IReadOnlyList<ColumnCodec> codecs, TableAppender appender,
        ICopyLosses? losses = null)
    {
        if (columns.Count != codecs.Count || codecs.Count != appender.ColumnCount)
            throw new ArgumentException("Columns, codecs and the appender's columns must be as many.", nameof(codecs));
        _codecs = [.. codecs];
        _appender = appender;
        _losses = losses;
        if (losses is not null)
            for (var i = 0; i < columns.Count; i++)
                appender[i].OnUnrepresentable = columns[i].Carriage.OnUnrepresentable;

        // One cache line more than a power of two, so that the columns' places do not fall into the same cache set.
        _stride = appender.RowCapacity + 8;
        _fields = new CopyField[Math.Max(1, _codecs.Length) * _stride];
    }

    private static ReadOnlySpan<byte> Signature =>
        [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0];

    /// <summary>Rows decoded and appended.</summary>
    public long Rows { get; private set; }

    /// <summary>Whether the trailer was seen: the COPY is whole.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>
    /// Decodes the whole rows of a block, which must be pinned, and appends them before it returns. A row that is not
    /// whole is left for the next block.
    /// </summary>
    /// <returns>The bytes consumed; the caller puts the rest before what it reads next.</returns>
    /// <exception cref="UnrepresentableFieldException">DuckDB cannot hold a value exactly.</exception>
    /// <exception cref="EtlException">The bytes are no COPY BINARY of these columns.</exception>
    public int Decode(ReadOnlySpan<byte> block)
    {
        var position = 0;
        if (!_headerRead && !TryReadHeader(block, ref position))
            return 0;
        var filled = 0;
        while (!IsComplete)
        {
            var batch = position;
            var rows = Walk(block, ref position, _appender.RowCapacity - filled);
            if (rows == 0)
                break;
            var read = ReadBatch(block, batch, rows, filled);
            filled += read;
            if (read < rows)
                (position, IsComplete) = (StartOfRow(batch, read), false);
            else if (filled < _appender.RowCapacity && !_appender.IsFull)
                continue;
            Append(filled);
            filled = 0;
        }

        if (filled > 0)
            Append(filled);
        if (IsComplete && position < block.Length)
            throw Violation("bytes follow the end of the COPY");
        return position;
    }

    private void Append(int rows)
    {
        _appender.AppendChunk(rows);
        Rows += rows;
    }

    /// <summary>
    /// Reads a batch's rows column by column; returns how many of them, fewer where the appender has no room for all.
    /// </summary>
    private int ReadBatch(ReadOnlySpan<byte> block, int batch, int rows, int firstRow)
    {
        _lost.Clear();
        for (var column = 0; column < _codecs.Length; column++)
        {
            var fields = _fields.AsSpan(column * _stride, rows);
            rows = _appender[column].OnUnrepresentable is OnUnrepresentable.Null or OnUnrepresentable.Round
                ? ReadOneByOne(block, batch, column, fields, firstRow)
                : ReadAtOnce(block, batch, column, fields, firstRow);
        }

        foreach (var (column, row, kind) in _lost)
            if (row < rows)
                _losses!.Add(column, block, StartOfRow(batch, row), kind);
        return rows;
    }

    private int ReadAtOnce(
        ReadOnlySpan<byte> block, int batch, int column, ReadOnlySpan<CopyField> fields, int firstRow)
    {
        var vector = _appender[column];
        var most = vector.HasFixedWidth ? fields.Length : RowsAtOnce;
        try
        {
            for (var row = 0; row < fields.Length; row += most)
            {
                var some = fields.Slice(row, Math.Min(most, fields.Length - row));
                _codecs[column].ReadFields(block, some, vector, firstRow + row);
                if (_appender.IsFull)
                    return row + some.Length;
            }
        }
        catch (UnrepresentableValueException e)
        {
            throw Locate(block, batch, column, fields, firstRow, e);
        }

        return fields.Length;
    }

    private int ReadOneByOne(
        ReadOnlySpan<byte> block, int batch, int column, ReadOnlySpan<CopyField> fields, int firstRow)
    {
        var vector = _appender[column];
        var becomesNull = vector.OnUnrepresentable == OnUnrepresentable.Null;
        for (var row = 0; row < fields.Length; row++)
        {
            try
            {
                _codecs[column].ReadFields(block, fields.Slice(row, 1), vector, firstRow + row);
            }
            catch (UnrepresentableValueException e) when (becomesNull && e.IsOfTheValue)
            {
                vector.Lose(e.Reason);
            }
            catch (UnrepresentableValueException e)
            {
                throw new UnrepresentableFieldException(column, StartOfRow(batch, row), e.Reason, e);
            }

            if (vector.TakeLoss() is { } kind)
            {
                if (becomesNull)
                    vector.SetNull(firstRow + row);
                _lost.Add((column, row, kind));
            }

            if (_appender.IsFull)
                return row + 1;
        }

        return fields.Length;
    }

    /// <summary>Notes the places of whole rows' fields, up to so many rows or a batch's bytes.</summary>
    private int Walk(ReadOnlySpan<byte> block, ref int position, int capacity)
    {
        var fields = _fields;
        var columns = _codecs.Length;
        var stride = _stride;
        var end = position + BatchBytes;
        var next = position;
        var rows = 0;
        while (rows < capacity && position < end && next <= block.Length - sizeof(short))
        {
            var count = BinaryPrimitives.ReadInt16BigEndian(block[next..]);
            next += sizeof(short);
            if (count != columns)
            {
                if (count != Trailer)
                    throw Violation($"a row has {count} columns in place of {columns}");
                IsComplete = true;
                position = next;
                break;
            }

            for (var i = rows; i < fields.Length; i += stride)
            {
                if (next > block.Length - sizeof(int))
                    return rows;
                var length = BinaryPrimitives.ReadInt32BigEndian(block[next..]);
                next += sizeof(int);
                fields[i] = new CopyField(next, length);
                if (length > 0)
                {
                    if (length > block.Length - next)
                        return length <= MaxFieldLength ? rows : throw Violation($"a field is {length} bytes long");
                    next += length;
                }
                else if (length < -1)
                {
                    throw Violation($"a field is {length} bytes long");
                }
            }

            rows++;
            position = next;
        }

        return rows;
    }

    private bool TryReadHeader(ReadOnlySpan<byte> block, ref int position)
    {
        if (block.Length < FixedHeaderLength)
            return false;
        if (!block.StartsWith(Signature))
            throw Violation("the header is not that of a binary COPY");

        // The upper half of the flags marks what a reader must understand; none is in use since Postgres 12.
        if (BinaryPrimitives.ReadUInt16BigEndian(block[11..]) != 0)
            throw Violation("the header has unknown flags");
        var extension = BinaryPrimitives.ReadInt32BigEndian(block[15..]);
        if (extension < 0)
            throw Violation("the header has a negative length");
        if (extension > block.Length - FixedHeaderLength)
            return false;
        position = FixedHeaderLength + extension;
        return _headerRead = true;
    }

    // The batch is read once more, value by value, to find the row: only a copy that fails pays for it.
    private UnrepresentableFieldException Locate(
        ReadOnlySpan<byte> block, int batch, int column, ReadOnlySpan<CopyField> fields, int firstRow,
        UnrepresentableValueException cause)
    {
        var row = 0;
        try
        {
            for (; row < fields.Length - 1; row++)
                _codecs[column].ReadFields(block, fields.Slice(row, 1), _appender[column], firstRow + row);
        }
        catch (UnrepresentableValueException e)
        {
            cause = e;
        }

        return new UnrepresentableFieldException(column, StartOfRow(batch, row), cause.Reason, cause);
    }

    private int StartOfRow(int batch, int row)
    {
        if (row == 0)
            return batch;
        var last = _fields[((_codecs.Length - 1) * _stride) + row - 1];
        return last.Offset + Math.Max(last.Length, 0);
    }

    private static EtlException Violation(string what) => new(
        EtlErrorCode.ProtocolViolation,
        $"The server's COPY data cannot be read: {what}.",
        "Check that the table's columns were not altered meanwhile, then start again; "
        + "if it stays, report it as a defect.");
}
