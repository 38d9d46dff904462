namespace EtlPs.Engine.Changes;

/// <summary>One version of a row, with the way to the values that the server did not send again.</summary>
/// <param name="Tuple">The TupleData of the new row.</param>
/// <param name="Previous">The image that holds the values marked unchanged; -1: none in this batch.</param>
/// <param name="Base">The destination row that holds them then, as an index into the keys; -1: nothing is missing.</param>
internal readonly record struct RowImage(ByteSlice Tuple, int Previous, int Base)
{
    public const int None = -1;
}
