using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>Whether a source can do what will be asked of it. Reads only; throws the first thing that stands in the way.</summary>
internal sealed class Preflight(NpgsqlConnection connection, SourceSettings source)
{
    private const int OldestServer = 140000;

    // A pooler makes up the process id that it tells a client.
    private const string Server = """
        SELECT pg_catalog.current_setting('server_version_num')::int4, pg_catalog.current_setting('server_version'),
               pg_catalog.pg_backend_pid()
        """;

    // rds_replication stands for REPLICATION where a provider gives that to nobody. Slots and walsenders of all roles show.
    private const string Replication = """
        SELECT pg_catalog.current_setting('wal_level'),
               (SELECT r.rolsuper OR r.rolreplication FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user)
               OR EXISTS (SELECT FROM pg_catalog.pg_roles AS r
                          WHERE r.rolname = 'rds_replication' AND pg_catalog.pg_has_role(r.oid, 'USAGE')),
               pg_catalog.current_setting('max_replication_slots')::int4
               - (SELECT pg_catalog.count(*)::int4 FROM pg_catalog.pg_replication_slots),
               pg_catalog.current_setting('max_wal_senders')::int4
               - (SELECT pg_catalog.count(*)::int4 FROM pg_catalog.pg_stat_activity WHERE backend_type = 'walsender'),
               pg_catalog.pg_is_in_recovery()
        """;

    private const string Readable = """
        SELECT c.oid,
               pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
               AND (pg_catalog.has_table_privilege(c.oid, 'SELECT')
                    OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                                   WHERE a.attrelid = c.oid AND a.attnum = ANY (w.columns::int2[])
                                     AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'))),
               pg_catalog.row_security_active(c.oid)
        FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS w (oid, columns)
        JOIN pg_catalog.pg_class AS c ON c.oid = w.oid
        """;

    private const string Publishable = """
        SELECT c.oid, pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.pg_get_userbyid(c.relowner)::text,
               c.relpersistence = 'u'
        FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1)
        """;

    // A partition's own identity decides what is logged of its rows, whatever its root's is. Where the root has no key ($2),
    // a key of the partition's own does not find the row.
    private const string Leaves = """
        SELECT DISTINCT w.oid
        FROM pg_catalog.unnest($1) AS w (oid), LATERAL pg_catalog.pg_partition_tree(w.oid) AS t
        JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
        WHERE t.isleaf AND c.relreplident <> 'f' AND (w.oid = ANY ($2) OR NOT EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
              AND (c.relreplident = 'd' AND i.indisprimary OR c.relreplident = 'i' AND i.indisreplident)))
        """;

    /// <summary>Version 14 or later, and no pooler in between.</summary>
    public async Task CheckServerAsync(CancellationToken cancellationToken)
    {
        var server = await connection.ReadAsync(
            Server, r => (Number: r.GetInt32(0), Name: r.GetString(1), Pid: r.GetInt32(2)), cancellationToken)
            .ConfigureAwait(false);
        if (server[0].Number < OldestServer)
            throw new EtlException(
                EtlErrorCode.ServerTooOld,
                $"The server at {source.Host}:{source.Port} is Postgres {server[0].Name}; 14 is the oldest that works.",
                "Upgrade the server, or name a newer one.");
        if (server[0].Pid != connection.ProcessID)
            throw ServerErrors.PoolerInBetween(source, null);
    }

    /// <summary>wal_level, the right to replicate, and room for a walsender and, unless the slot exists, for a slot.</summary>
    public async Task CheckReplicationAsync(CancellationToken cancellationToken, string? slotName = null)
    {
        var found = await connection.ReadAsync(
            Replication,
            r => (
                WalLevel: r.GetString(0), MayReplicate: r.GetBoolean(1), Slots: r.GetInt32(2), Senders: r.GetInt32(3),
                Standby: r.GetBoolean(4)),
            cancellationToken).ConfigureAwait(false);
        var server = found[0];
        if (server.WalLevel != "logical")
            throw ServerErrors.WalLevelNotLogical(source, null);
        if (!server.MayReplicate)
            throw ServerErrors.ReplicationRightMissing(source, null);
        if (server.Standby)
            throw new EtlException(
                EtlErrorCode.InvalidArgument,
                $"The server at {source.Host}:{source.Port} is a standby, on which no publication can be made.",
                "Name the primary. A one-off copy can come from a standby: -SnapshotOnly.");
        if (server.Senders <= 0)
            throw ServerErrors.NoFreeSlot(null, "All walsenders of the server are taken", "max_wal_senders");
        if (server.Slots <= 0
            && (slotName is null
                || await new SlotCatalog(connection).FindAsync(slotName, cancellationToken).ConfigureAwait(false) is null))
            throw ServerErrors.NoFreeSlot(null, "All replication slots of the server are taken", "max_replication_slots");
    }

    /// <summary>The right to read every column, and no row security that would leave rows out of the copy.</summary>
    public async Task CheckTablesAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        // One row of arrays is no array of arrays where the tables differ in columns: text, cast on the server.
        var columns = tables
            .Select(t => $"{{{string.Join(',', t.Columns.Select(c => c.AttributeNumber))}}}").ToArray();
        var rights = await connection.ReadAsync(
            Readable,
            r => (Oid: r.GetFieldValue<uint>(0), Readable: r.GetBoolean(1), Filtered: r.GetBoolean(2)),
            cancellationToken,
            CatalogReader.Oids(tables.Select(t => t.Oid)),
            columns).ConfigureAwait(false);
        Refuse(
            EtlErrorCode.PermissionDenied,
            Names(tables, rights.Where(r => !r.Readable).Select(r => r.Oid)),
            names => $"The role {source.UserName} may not read {names}.",
            $"Let the owner run: GRANT SELECT ON … TO {TableName.Quote(source.UserName ?? "")}; and GRANT USAGE ON SCHEMA … likewise.");
        Refuse(
            EtlErrorCode.PermissionDenied,
            Names(tables, rights.Where(r => r.Filtered).Select(r => r.Oid)),
            names => $"Row security would hide rows of {names} from the copy, but not from the stream.",
            $"Let a superuser run: ALTER ROLE {TableName.Quote(source.UserName ?? "")} BYPASSRLS;");
    }

    /// <summary>
    /// What a publication of our own needs: ownership, the right to make one, and a replica identity, without which the
    /// source's own UPDATE and DELETE would fail from that moment on.
    /// </summary>
    public async Task CheckPublishableAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var mayCreate = await connection.ReadAsync(
            "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')",
            r => r.GetBoolean(0),
            cancellationToken).ConfigureAwait(false);
        if (!mayCreate[0])
            throw new EtlException(
                EtlErrorCode.PermissionDenied,
                $"The role {source.UserName} may not make a publication in {source.Database}.",
                $"Let the owner run: GRANT CREATE ON DATABASE {TableName.Quote(source.Database)} TO "
                + $"{TableName.Quote(source.UserName ?? "")}; or let a DBA make the publication, and name it.");
        var oids = CatalogReader.Oids(tables.Select(t => t.Oid));
        var found = await connection.ReadAsync(
            Publishable,
            r => (Oid: r.GetFieldValue<uint>(0), Owned: r.GetBoolean(1), Unlogged: r.GetBoolean(3)),
            cancellationToken,
            oids).ConfigureAwait(false);
        Refuse(
            EtlErrorCode.PermissionDenied,
            Names(tables, found.Where(f => !f.Owned).Select(f => f.Oid)),
            names => $"The role {source.UserName} does not own {names}, which a publication of it needs.",
            "Make the role a member of the owner, or let a DBA make the publication, and name it.");
        var leaves = await connection.ReadAsync(
            Leaves, r => r.GetFieldValue<uint>(0), cancellationToken, CatalogReader.Oids(tables.Select(t => t.Oid)),
            CatalogReader.Oids(tables.Where(t => t.KeyColumns.Count == 0).Select(t => t.Oid)))
            .ConfigureAwait(false);
        var without = Names(tables, tables.Where(t => !t.CanFollowUpdates).Select(t => t.Oid).Concat(leaves).Distinct());
        Refuse(
            EtlErrorCode.NoReplicaIdentity,
            without,
            names => $"No replica identity to find a row by: {names}. Once published, the source's own UPDATE and DELETE would fail.",
            "Add a primary key, or run: "
            + string.Join(" ", without.Take(3).Select(n => $"ALTER TABLE {n.Quoted} REPLICA IDENTITY FULL;"))
            + (without.Count > 3 ? " …" : "") + " Or leave the table out with -ExcludeTable.");
    }

    private static List<TableName> Names(IReadOnlyList<TableSchema> tables, IEnumerable<uint> oids)
    {
        var wanted = oids.ToHashSet();
        return [.. tables.Where(t => wanted.Contains(t.Oid)).Select(t => t.Name)];
    }

    private static void Refuse(EtlErrorCode code, List<TableName> tables, Func<string, string> message, string remedy)
    {
        if (tables.Count == 0)
            return;
        var names = string.Join(", ", tables.Take(10)) + (tables.Count > 10 ? $" and {tables.Count - 10} more" : "");
        throw new EtlException(code, message(names), remedy) { Subject = names };
    }
}
