namespace EtlPs.Engine.Changes;

/// <summary>One change of one table, as pgoutput sent it.</summary>
/// <param name="Table">The table.</param>
/// <param name="Message">The whole Insert, Update or Delete message; not present: the table was truncated.</param>
internal readonly record struct RowChange(StreamedTable Table, ByteSlice Message)
{
    public bool IsTruncate => !Message.IsPresent;
}
