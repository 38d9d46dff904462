using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>
/// Whether a source can do what will be asked of it. Reads only; throws the first thing that stands in the way.
/// </summary>
internal sealed class Preflight(NpgsqlConnection connection, SourceSettings source)
{
    private const string Readable = """
        SELECT c.oid,
               pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
               AND (pg_catalog.has_table_privilege(c.oid, 'SELECT')
                    OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                                   WHERE a.attrelid = c.oid AND a.attnum = ANY (w.columns::int2[])
                                     AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')))
        FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS w (oid, columns)
        JOIN pg_catalog.pg_class AS c ON c.oid = w.oid
        """;

    private const string RowSecurity = """
        SELECT c.oid FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1) AND pg_catalog.row_security_active(c.oid)
        """;

    private const string Publishable = """
        SELECT c.oid, pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.pg_get_userbyid(c.relowner)::text
        FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1)
        """;

    private string Role => TableName.Quote(source.UserName ?? "");

    /// <summary>Version 14 or later, and no pooler in between.</summary>
    public async Task CheckServerAsync(CancellationToken cancellationToken)
    {
        var server = await ServerFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        var problem = server.VersionProblem(source)
            ?? await new SessionProbe(connection, source).FindProblemAsync(server.Pid, cancellationToken)
                .ConfigureAwait(false);
        if (problem is not null) throw problem;
    }

    /// <summary>
    /// wal_level, the right to replicate, and room for a walsender and, unless the slot exists, for a slot.
    /// </summary>
    public async Task CheckReplicationAsync(CancellationToken cancellationToken, string? slotName = null)
    {
        var server = await ReplicationFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        var problem = server.WalLevelProblem(source) ?? server.RightProblem(source) ?? server.StandbyProblem(source)
            ?? server.SenderProblem();
        if (problem is null && server.SlotProblem(hasOwnSlot: false) is { } full
            && (slotName is null
                || await new SlotCatalog(connection).FindAsync(slotName, cancellationToken)
                    .ConfigureAwait(false) is null))
            problem = full;
        if (problem is not null) throw problem;
    }

    /// <summary>Slots that outlive a failover.</summary>
    public void CheckFailoverSlots()
    {
        if (FailoverSlot.Problem(source, connection.PostgreSqlVersion) is { } problem) throw problem;
    }

    /// <summary>The right to read every column, and no row security that would leave rows out of the copy.</summary>
    public async Task CheckTablesAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        await CheckReadableAsync(tables, cancellationToken).ConfigureAwait(false);
        await CheckRowSecurityAsync(tables, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The right to read every column.</summary>
    public async Task CheckReadableAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        // One row of arrays is no array of arrays where the tables differ in columns: text, cast on the server.
        var columns = tables
            .Select(t => $"{{{string.Join(',', t.Columns.Select(c => c.AttributeNumber))}}}").ToArray();
        var rights = await connection.ReadAsync(
            Readable, r => (Oid: r.GetFieldValue<uint>(0), Readable: r.GetBoolean(1)), cancellationToken,
            CatalogReader.Oids(tables.Select(t => t.Oid)), columns).ConfigureAwait(false);
        var unreadable = Names(tables, rights.Where(r => !r.Readable).Select(r => r.Oid));
        var statements = unreadable.Select(t => t.Schema).Distinct()
            .Select(s => $"GRANT USAGE ON SCHEMA {TableName.Quote(s)} TO {Role};")
            .Concat(unreadable.Select(t => $"GRANT SELECT ON {t.Quoted} TO {Role};")).ToList();
        Refuse(
            EtlErrorCode.PermissionDenied, unreadable,
            names => $"The role {source.UserName} may not read {names}.",
            $"Let the owner run: {string.Join(" ", statements.Take(4))}{(statements.Count > 4 ? " …" : "")}",
            Lines(statements));
    }

    /// <summary>No row security that would leave rows out of the copy, but not out of the stream.</summary>
    public async Task CheckRowSecurityAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var filtered = await connection.ReadAsync(
            RowSecurity, r => r.GetFieldValue<uint>(0), cancellationToken,
            CatalogReader.Oids(tables.Select(t => t.Oid)))
            .ConfigureAwait(false);
        var sql = $"ALTER ROLE {Role} BYPASSRLS;";
        Refuse(
            EtlErrorCode.PermissionDenied, Names(tables, filtered),
            names => $"Row security would hide rows of {names} from the copy, but not from the stream.",
            $"Let a superuser run: {sql}", sql);
    }

    /// <summary>
    /// What a publication of our own needs: ownership, the right to make one, and a replica identity, without which the
    /// source's own UPDATE and DELETE would fail from that moment on.
    /// </summary>
    public async Task CheckPublishableAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        await CheckMayPublishAsync(cancellationToken).ConfigureAwait(false);
        await CheckOwnershipAsync(tables, cancellationToken).ConfigureAwait(false);
        await CheckPartitionsAsync(tables, publication: null, cancellationToken).ConfigureAwait(false);
        await CheckIdentityAsync(tables, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The right to make a publication in the database.</summary>
    public async Task CheckMayPublishAsync(CancellationToken cancellationToken)
    {
        var mayCreate = await connection.ReadAsync(
            "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')",
            r => r.GetBoolean(0),
            cancellationToken).ConfigureAwait(false);
        if (mayCreate[0]) return;
        var sql = $"GRANT CREATE ON DATABASE {TableName.Quote(source.Database)} TO {Role};";
        throw new EtlException(
            EtlErrorCode.PermissionDenied,
            $"The role {source.UserName} may not make a publication in {source.Database}.",
            $"Let the owner run: {sql} or let a DBA make the publication, and name it.")
        {
            Sql = sql,
        };
    }

    /// <summary>Ownership, which a publication of a table needs.</summary>
    public async Task CheckOwnershipAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var found = await connection.ReadAsync(
            Publishable,
            r => (Oid: r.GetFieldValue<uint>(0), Owned: r.GetBoolean(1), Owner: r.GetString(2)),
            cancellationToken,
            CatalogReader.Oids(tables.Select(t => t.Oid))).ConfigureAwait(false);
        var others = found.Where(f => !f.Owned).ToList();
        Refuse(
            EtlErrorCode.PermissionDenied, Names(tables, others.Select(f => f.Oid)),
            names => $"The role {source.UserName} does not own {names}, which a publication of it needs.",
            "Make the role a member of the owner, or let a DBA make the publication, and name it.",
            Lines(others.Select(f => f.Owner).Distinct().Select(o => $"GRANT {TableName.Quote(o)} TO {Role};")));
    }

    /// <summary>A replica identity, without which UPDATE and DELETE of a published table fail.</summary>
    public async Task CheckIdentityAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var leaves = await new PartitionCatalog(connection).FindBareAsync(tables, cancellationToken)
            .ConfigureAwait(false);
        var bare = tables.Where(t => !t.CanFollowUpdates).ToList();
        var without = Names(tables, bare.Select(t => t.Oid).Concat(leaves.Select(l => l.Root)));
        var statements = bare.Select(t => t.Name).Concat(leaves.Select(l => l.Name)).Distinct()
            .Select(n => $"ALTER TABLE {n.Quoted} REPLICA IDENTITY FULL;").ToList();
        Refuse(
            EtlErrorCode.NoReplicaIdentity, without,
            names =>
                $"No replica identity to find a row by: {names}. Once published, the source's own UPDATE and DELETE "
                + "would fail.",
            $"Add a primary key, or run: {string.Join(" ", statements.Take(3))}{(statements.Count > 3 ? " …" : "")} "
            + "Or leave the table out with -ExcludeTable.",
            Lines(statements));
    }

    /// <summary>
    /// What a stream needs, whoever made the publication: the changes of every partition in the write-ahead log, with
    /// what the rows are found by.
    /// </summary>
    /// <param name="tables">The tables.</param>
    /// <param name="publication">The publication that a DBA made; null: our own.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task CheckPartitionsAsync(
        IReadOnlyList<TableSchema> tables, string? publication, CancellationToken cancellationToken)
    {
        var found = await new PartitionCatalog(connection)
            .FindUnfollowedAsync(tables, publication, cancellationToken).ConfigureAwait(false);
        if (tables.FirstOrDefault(t => found.ContainsKey(t.Oid)) is { } table)
            throw found[table.Oid].Refuse(table.Name);
    }

    private static string Lines(IEnumerable<string> statements) => string.Join('\n', statements);

    private static List<TableName> Names(IReadOnlyList<TableSchema> tables, IEnumerable<uint> oids)
    {
        var wanted = oids.ToHashSet();
        return [.. tables.Where(t => wanted.Contains(t.Oid)).Select(t => t.Name)];
    }

    private static void Refuse(
        EtlErrorCode code, List<TableName> tables, Func<string, string> message, string remedy, string sql)
    {
        if (tables.Count == 0)
            return;
        var names = string.Join(", ", tables.Take(10)) + (tables.Count > 10 ? $" and {tables.Count - 10} more" : "");
        throw new EtlException(code, message(names), remedy) { Subject = names, Sql = sql };
    }
}
