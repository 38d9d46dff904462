namespace EtlPs.Engine.Postgres.Copy;

/// <summary>
/// A field of a COPY block that DuckDB cannot hold: where it is, so that table, column and key can be named.
/// </summary>
internal sealed class UnrepresentableFieldException(int column, int rowOffset, string reason, Exception inner)
    : Exception($"Column {column} cannot be held: {reason}.", inner)
{
    /// <summary>The column's index.</summary>
    public int Column { get; } = column;

    /// <summary>Where the row begins in the block that was given to Decode; see <see cref="CopyRow"/>.</summary>
    public int RowOffset { get; } = rowOffset;

    /// <summary>The kind of value, never the value.</summary>
    public string Reason { get; } = reason;
}
