using System.Runtime.InteropServices;

namespace EtlPs.Engine.Changes;

/// <summary>
/// For each image that lacks values (unchanged TOAST) which image of the batch holds each column, known from the moment
/// it is added: a row that is updated n times must not be walked back n times.
/// </summary>
internal sealed class ValueHolders(int columnCount)
{
    /// <summary>The image's own tuple holds the value.</summary>
    public const int Own = -1;

    /// <summary>No image of the batch does, only the destination.</summary>
    public const int Destination = -2;

    private readonly List<int> _holders = [];

    /// <summary>
    /// One entry for each column: <see cref="Own"/>, <see cref="Destination"/> or the index of an image.
    /// </summary>
    public ReadOnlySpan<int> this[int holders] => CollectionsMarshal.AsSpan(_holders).Slice(holders, columnCount);

    /// <summary>An image whose missing values are in the destination.</summary>
    public int AddMissing(TupleFields fields)
    {
        var start = _holders.Count;
        for (var column = 0; column < columnCount; column++)
            _holders.Add(fields.Kind(column) == TupleFields.Unchanged ? Destination : Own);
        return start;
    }

    /// <summary>An image whose missing values are where the row's previous image has them.</summary>
    public int Add(TupleFields fields, int previous, int previousHolders)
    {
        var start = _holders.Count;
        for (var column = 0; column < columnCount; column++)
        {
            if (fields.Kind(column) != TupleFields.Unchanged)
            {
                _holders.Add(Own);
                continue;
            }
            var before = previousHolders == RowImage.None ? Own : _holders[previousHolders + column];
            _holders.Add(before == Own ? previous : before);
        }
        return start;
    }

    /// <summary>What is kept for the next batch, in bytes.</summary>
    public long RetainedBytes => _holders.Capacity * sizeof(int);

    public void Clear() => _holders.Clear();

    /// <summary>Gives back what is kept; to be called when it is clear.</summary>
    public void Release() => _holders.Capacity = 0;
}
