namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>A chunk of a transaction follows that has not committed yet; it ends with STREAM STOP.</summary>
/// <param name="Xid">The id of the top-level transaction.</param>
/// <param name="IsFirst">Whether it is that transaction's first chunk.</param>
internal readonly record struct StreamStartMessage(uint Xid, bool IsFirst)
{
    public static StreamStartMessage Read(ReadOnlySpan<byte> message)
    {
        var reader = PgOutputReader.Open(message, PgOutputKind.StreamStart);
        var start = new StreamStartMessage(reader.ReadUInt32(), reader.ReadByte() == 1);
        reader.RequireEnd();
        return start;
    }
}
