namespace EtlPs.Engine.Changes;

/// <summary>One version of a row, with the way to the values that the server did not send again.</summary>
/// <param name="Tuple">The TupleData of the new row.</param>
/// <param name="Holders">Where the net changes keep who holds each column's value; None: this image holds them
/// all.</param>
/// <param name="Base">
/// The destination row that holds what no image does, as an index into the keys; <see cref="AtSource"/>: none does.
/// </param>
internal readonly record struct RowImage(ByteSlice Tuple, int Holders, int Base)
{
    public const int None = -1;

    /// <summary>Only the source has the values: the destination never had the row, or not as it is.</summary>
    public const int AtSource = -2;

    public bool IsWhole => Holders == None;
}
