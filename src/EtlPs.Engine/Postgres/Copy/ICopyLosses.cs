namespace EtlPs.Engine.Postgres.Copy;

/// <summary>Takes note of values in place of which a decoder writes NULL.</summary>
internal interface ICopyLosses
{
    /// <param name="column">The column's index.</param>
    /// <param name="block">The block that is being decoded.</param>
    /// <param name="rowOffset">Where the row begins in it; see <see cref="CopyRow"/>.</param>
    /// <param name="kind">The kind of value, never the value.</param>
    void Add(int column, ReadOnlySpan<byte> block, int rowOffset, string kind);
}
