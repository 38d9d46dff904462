using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Initialization;

/// <summary>
/// What a role lacks to run a pipeline through a publication that is there: REPLICATION, and to read the tables.
/// </summary>
internal sealed class RoleRights(NpgsqlConnection connection, string role, string source)
{
    private const string Role = """
        SELECT r.rolsuper OR r.rolreplication OR EXISTS (
                   SELECT FROM pg_catalog.pg_roles AS p
                   WHERE p.rolname = 'rds_replication' AND pg_catalog.pg_has_role(r.oid, p.oid, 'USAGE')),
               EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_replication'),
               pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database()::text, 'CONNECT'),
               pg_catalog.current_database()::text
        FROM pg_catalog.pg_roles AS r WHERE r.rolname = $1
        """;

    private const string Reading = """
        SELECT n.nspname::text, c.relname::text, pg_catalog.has_schema_privilege($1, n.oid, 'USAGE'),
               pg_catalog.has_table_privilege($1, c.oid, 'SELECT')
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = ANY ($2)
        ORDER BY n.nspname::text COLLATE "C", c.relname::text COLLATE "C"
        """;

    private string Quoted => TableName.Quote(role);

    /// <summary>The statements that give it.</summary>
    /// <exception cref="EtlException">InvalidArgument: there is no such role.</exception>
    public async Task<IReadOnlyList<PlannedEffect>> FindMissingAsync(
        IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var found = await connection.ReadAsync(
            Role,
            r => (Replicates: r.GetBoolean(0), IsRds: r.GetBoolean(1), Connects: r.GetBoolean(2),
                Database: r.GetString(3)),
            cancellationToken, role).ConfigureAwait(false);
        if (found.Count == 0)
            throw new EtlException(
                EtlErrorCode.InvalidArgument, $"There is no role {role} on the server of {source}.",
                "Check the name, which is taken as it is; or let a superuser run: CREATE ROLE … LOGIN.")
            {
                Subject = role,
            };
        var reading = await connection.ReadAsync(
            Reading,
            r => (Name: new TableName(r.GetString(0), r.GetString(1)), UsesSchema: r.GetBoolean(2),
                Reads: r.GetBoolean(3)),
            cancellationToken, role, CatalogReader.Oids(tables.Select(t => t.Oid))).ConfigureAwait(false);

        var missing = new List<PlannedEffect>();
        if (!found[0].Replicates)
            Add("Let it replicate", found[0].IsRds ? $"GRANT rds_replication TO {Quoted}"
                : $"ALTER ROLE {Quoted} REPLICATION");
        if (!found[0].Connects)
            Add("Let it connect", $"GRANT CONNECT ON DATABASE {TableName.Quote(found[0].Database)} TO {Quoted}");
        foreach (var schema in reading.Where(t => !t.UsesSchema).Select(t => t.Name.Schema).Distinct())
            Add($"Let it use schema {schema}", $"GRANT USAGE ON SCHEMA {TableName.Quote(schema)} TO {Quoted}");
        var unread = reading.Where(t => !t.Reads).Select(t => t.Name).ToList();
        if (unread.Count > 0)
            Add($"Let it read {unread.Count} tables",
                $"GRANT SELECT ON {string.Join(", ", unread.Select(t => t.Quoted))} TO {Quoted}");
        return missing;

        void Add(string action, string statement) =>
            missing.Add(new PlannedEffect($"role {role} of {source}", action, statement));
    }
}
