using DuckDB.NET.Data;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// The tables of schema <c>etlps</c>. No keys and no unique indexes: in DuckDB an update of an indexed row in the
/// transaction that deleted it can fail, and one run owns the file anyway.
/// </summary>
internal static class StateSchema
{
    /// <summary>The schema.</summary>
    public const string Name = "etlps";

    /// <summary>The format that this version reads and writes.</summary>
    public const int FormatVersion = 5;

    /// <summary>The first format that has losses.</summary>
    public const int LossVersion = 4;

    // copy_ranges is only inserted into, and positions is a table of its own: workers and the stream commit side by
    // side, and two transactions that update one row conflict. LSNs are 64 bits without a sign.
    private const string Create = """
        CREATE SCHEMA IF NOT EXISTS etlps;
        CREATE TABLE IF NOT EXISTS etlps.format (version INTEGER);
        CREATE TABLE IF NOT EXISTS etlps.pipelines (
            name VARCHAR, stage VARCHAR, system_identifier VARCHAR, timeline UINTEGER, database VARCHAR,
            slot_name VARCHAR,
            publication VARCHAR, owns_publication BOOLEAN);
        CREATE TABLE IF NOT EXISTS etlps.positions (pipeline VARCHAR, lsn UBIGINT,
            commit_time TIMESTAMP WITH TIME ZONE);
        CREATE TABLE IF NOT EXISTS etlps.tables (
            pipeline VARCHAR, oid UINTEGER, source_schema VARCHAR, source_table VARCHAR, kind VARCHAR,
            replica_identity VARCHAR,
            destination_schema VARCHAR, destination_table VARCHAR, state VARCHAR, copied_at UBIGINT, file_node UINTEGER,
            copied_rows BIGINT, copied_bytes BIGINT, columns VARCHAR, error_code VARCHAR, error_message VARCHAR,
            row_filter VARCHAR,
            error_remedy VARCHAR, error_column VARCHAR, error_key VARCHAR, set_aside_at TIMESTAMP WITH TIME ZONE,
            stands_at UBIGINT, stands_at_commit TIMESTAMP WITH TIME ZONE, reset_begun TIMESTAMP WITH TIME ZONE,
            replay_from UBIGINT, key_index UINTEGER, horizon UBIGINT, published_by UINTEGER);
        """ + CreateLedger + CreateLosses;

    private const string CreateLedger = """
        CREATE TABLE IF NOT EXISTS etlps.copy_ranges (
            pipeline VARCHAR, oid UINTEGER, heap UINTEGER, start_block UINTEGER, end_block UINTEGER, copied_at UBIGINT,
            file_node UINTEGER, copied_rows BIGINT, copied_bytes BIGINT);
        CREATE TABLE IF NOT EXISTS etlps.fetches (pipeline VARCHAR, oid UINTEGER, lsn UBIGINT);
        CREATE TABLE IF NOT EXISTS etlps.partitions (
            pipeline VARCHAR, root UINTEGER, oid UINTEGER, attached_by UINTEGER, file_node UINTEGER, horizon UBIGINT);
        """;

    private const string CreateLosses = """
        CREATE TABLE IF NOT EXISTS etlps.losses (
            pipeline VARCHAR, oid UINTEGER, hidden BOOLEAN, source_schema VARCHAR, source_table VARCHAR,
            column_name VARCHAR, key VARCHAR, lsn UBIGINT, kind VARCHAR, recorded_at TIMESTAMP WITH TIME ZONE);
        """;

    // For people who look into the file.
    private const string CreateView = """
        CREATE OR REPLACE VIEW etlps.status AS
            SELECT p.name AS pipeline, p.stage, format('{:X}/{:X}', s.lsn >> 32, s.lsn & 4294967295) AS position,
                s.commit_time,
                t.source_schema || '.' || t.source_table AS source,
                t.destination_schema || '.' || t.destination_table AS destination,
                t.state, format('{:X}/{:X}', t.copied_at >> 32, t.copied_at & 4294967295) AS copied_at, t.copied_rows,
                t.error_code, t.error_message, t.error_remedy, t.error_column, t.error_key, t.set_aside_at,
                format('{:X}/{:X}', t.stands_at >> 32, t.stands_at & 4294967295) AS stands_at
            FROM etlps.pipelines p LEFT JOIN etlps.positions s ON s.pipeline = p.name
            LEFT JOIN etlps.tables t ON t.pipeline = p.name;
        """;

    // What format 1 lacks, in the order that a new file has it. It said only in words where a table stands.
    private const string FromFormat1 = """
        ALTER TABLE etlps.tables ADD COLUMN IF NOT EXISTS row_filter VARCHAR;
        ALTER TABLE etlps.tables ADD COLUMN error_remedy VARCHAR;
        ALTER TABLE etlps.tables ADD COLUMN error_column VARCHAR;
        ALTER TABLE etlps.tables ADD COLUMN error_key VARCHAR;
        ALTER TABLE etlps.tables ADD COLUMN set_aside_at TIMESTAMP WITH TIME ZONE;
        ALTER TABLE etlps.tables ADD COLUMN stands_at UBIGINT;
        ALTER TABLE etlps.tables ADD COLUMN stands_at_commit TIMESTAMP WITH TIME ZONE;
        ALTER TABLE etlps.tables ADD COLUMN reset_begun TIMESTAMP WITH TIME ZONE;
        -- A table that is not copied to its end is copied anew.
        DROP TABLE IF EXISTS etlps.copy_ranges;
        UPDATE etlps.tables SET stands_at = copied_at WHERE state = 'SetAside' AND copied_at > 0;
        UPDATE etlps.tables SET stands_at =
            (('0x' || regexp_extract(error_message, 'stays as of ([0-9A-F]+)/[0-9A-F]+\.$', 1))::UBIGINT << 32)
            + ('0x' || regexp_extract(error_message, 'stays as of [0-9A-F]+/([0-9A-F]+)\.$', 1))::UBIGINT
        WHERE stands_at IS NOT NULL AND regexp_matches(error_message, 'stays as of [0-9A-F]+/[0-9A-F]+\.$');
        """;

    private const string FromFormat2 = "ALTER TABLE etlps.tables ADD COLUMN replay_from UBIGINT";

    // A copy that was begun before cannot tell whether its key was there all the time, and begins anew.
    private const string FromFormat3 = "ALTER TABLE etlps.tables ADD COLUMN key_index UINTEGER DEFAULT 0";

    // What was not noted before is noted by the first look at the source.
    private const string FromFormat4 = """
        ALTER TABLE etlps.tables ADD COLUMN horizon UBIGINT DEFAULT 0;
        ALTER TABLE etlps.tables ADD COLUMN published_by UINTEGER DEFAULT 0;
        """;

    /// <summary>Whether the file holds state, and state that this version can read.</summary>
    /// <exception cref="EtlException">DestinationUnavailable: a newer version of EtlPs wrote it.</exception>
    public static bool Exists(DuckDBConnection connection) => Version(connection) is not null;

    /// <summary>The format of the file's state; null: it holds none.</summary>
    /// <exception cref="EtlException">DestinationUnavailable: a newer version of EtlPs wrote it.</exception>
    public static int? Version(DuckDBConnection connection)
    {
        if (connection.Scalar("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'etlps' AND table_name = 'format' "
            + "AND database_name = current_database()") is null)
            return null;
        if (connection.Scalar("SELECT max(version) FROM etlps.format") is not int version)
            return null;
        return version <= FormatVersion
            ? version
            : throw new EtlException(
                EtlErrorCode.DestinationUnavailable,
                $"The destination's state has format {version}; this version of EtlPs "
                + $"knows formats up to {FormatVersion}.",
                "Update the EtlPs module, or name another file.");
    }

    /// <summary>
    /// Creates what is missing, and brings state of an older format to this one; the caller's transaction.
    /// </summary>
    /// <exception cref="EtlException">DestinationUnavailable: a newer version of EtlPs wrote the state.</exception>
    public static void Ensure(DuckDBConnection connection)
    {
        if (Version(connection) is { } version)
        {
            Migrate(connection, version);
            return;
        }
        connection.Execute(Create);
        connection.Execute(CreateView);
        connection.Execute("INSERT INTO etlps.format VALUES ($1)", FormatVersion);
    }

    private static void Migrate(DuckDBConnection connection, int version)
    {
        if (version == FormatVersion)
            return;
        connection.Execute("DROP VIEW IF EXISTS etlps.status");
        if (version == 1)
        {
            connection.Execute(FromFormat1);
            connection.Execute(CreateLedger);
        }
        if (version <= 2) connection.Execute(FromFormat2);
        if (version <= 3) connection.Execute(FromFormat3);
        connection.Execute(FromFormat4);
        connection.Execute(CreateLosses);
        connection.Execute(CreateView);
        connection.Execute("UPDATE etlps.format SET version = $1", FormatVersion);
    }
}
