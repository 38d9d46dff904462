using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>
/// What a relation's tuples look like from here on. Resent at any cache invalidation, often unchanged.
/// </summary>
/// <param name="RelationId">pg_class.oid; the root's under publish_via_partition_root.</param>
/// <param name="Name">Schema and name.</param>
/// <param name="ReplicaIdentity">pg_class.relreplident: d, n, f or i.</param>
/// <param name="Columns">The published columns, in tuple order.</param>
internal sealed record RelationMessage(
    uint RelationId, TableName Name, char ReplicaIdentity, IReadOnlyList<RelationColumn> Columns)
{
    public static RelationMessage Read(ReadOnlySpan<byte> message)
    {
        var reader = PgOutputReader.Open(message, PgOutputKind.Relation);
        var relationId = reader.ReadUInt32();
        var schema = reader.ReadString();
        var name = reader.ReadString();
        var identity = (char)reader.ReadByte();
        var count = reader.ReadInt16();
        if (count < 0)
            throw PgOutputReader.Violation("a relation has a negative number of columns");
        var columns = new List<RelationColumn>();
        for (var i = 0; i < count; i++)
            columns.Add(new RelationColumn(
                (reader.ReadByte() & 1) != 0, reader.ReadString(), reader.ReadUInt32(), reader.ReadInt32()));
        reader.RequireEnd();
        // An empty namespace stands for pg_catalog on the wire.
        return new RelationMessage(
            relationId, new TableName(schema.Length == 0 ? "pg_catalog" : schema, name), identity, columns);
    }
}
