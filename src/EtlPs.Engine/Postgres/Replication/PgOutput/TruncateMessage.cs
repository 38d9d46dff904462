namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>One TRUNCATE of one or more tables.</summary>
internal readonly record struct TruncateMessage(IReadOnlyList<uint> RelationIds, bool Cascade, bool RestartIdentity)
{
    public static TruncateMessage Read(ReadOnlySpan<byte> message)
    {
        var reader = PgOutputReader.Open(message, PgOutputKind.Truncate);
        var count = reader.ReadInt32();
        var options = reader.ReadByte();
        if (count < 0 || count != reader.Remaining / 4)
            throw PgOutputReader.Violation("a TRUNCATE's number of tables does not match its length");
        var relationIds = new uint[count];
        for (var i = 0; i < count; i++)
            relationIds[i] = reader.ReadUInt32();
        reader.RequireEnd();
        return new TruncateMessage(relationIds, (options & 1) != 0, (options & 2) != 0);
    }
}
