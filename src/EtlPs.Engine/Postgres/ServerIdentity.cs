using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using Npgsql;

namespace EtlPs.Engine.Postgres;

/// <summary>Which server, history and database this is.</summary>
/// <param name="SystemIdentifier">Made by initdb, the same on a primary and its standbys.</param>
/// <param name="Timeline">Goes up with every promotion.</param>
/// <param name="Database">The database.</param>
/// <param name="VersionNumber">server_version_num: 150018.</param>
/// <param name="WalEnd">How far its WAL is flushed, or replayed on a standby.</param>
/// <param name="IsStandby">Whether it is in recovery: a promotion may give it another timeline at any moment.</param>
internal sealed record ServerIdentity(
    string SystemIdentifier, uint Timeline, string Database, int VersionNumber, Lsn WalEnd, bool IsStandby)
{
    /// <summary>
    /// SQL for how far the WAL goes: on a standby there is no flush position, only what was replayed.
    /// </summary>
    public const string WalEndExpression =
        "CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE "
        + "pg_catalog.pg_current_wal_flush_lsn() END";

    // By SQL and not by IDENTIFY_SYSTEM, so that a one-off copy needs no right to replicate. The timeline comes from
    // the WAL file's name: the control file has the old one until the first checkpoint after a promotion.
    private const string Query = $"""
        SELECT s.system_identifier::text,
               CASE WHEN pg_catalog.pg_is_in_recovery()
                   THEN (SELECT timeline_id::text FROM pg_catalog.pg_control_checkpoint())
                    ELSE pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) END,
               pg_catalog.pg_is_in_recovery(),
               pg_catalog.current_database()::text,
               pg_catalog.current_setting('server_version_num')::int4,
               ({WalEndExpression})::text
        FROM pg_catalog.pg_control_system() AS s
        """;

    public static async Task<ServerIdentity> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var rows = await connection.ReadAsync(
            Query,
            r => new ServerIdentity(
                r.GetString(0), Convert.ToUInt32(r.GetString(1), r.GetBoolean(2) ? 10 : 16), r.GetString(3),
                r.GetInt32(4),
                Lsn.Parse(r.GetString(5)), r.GetBoolean(2)),
            cancellationToken).ConfigureAwait(false);
        return rows.Count == 1 ? rows[0] : throw new EtlException(
            EtlErrorCode.Unexpected, "The server does not tell its identity.", "Report it with the server's version.");
    }
}
