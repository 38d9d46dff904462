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
    public const int FormatVersion = 1;

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
            row_filter VARCHAR);
        CREATE TABLE IF NOT EXISTS etlps.copy_ranges (
            pipeline VARCHAR, oid UINTEGER, heap UINTEGER, start_block UINTEGER, end_block UINTEGER, copied_at UBIGINT,
            file_node UINTEGER, copied_rows BIGINT, copied_bytes BIGINT);
        CREATE TABLE IF NOT EXISTS etlps.fetches (pipeline VARCHAR, oid UINTEGER, lsn UBIGINT);
        CREATE TABLE IF NOT EXISTS etlps.partitions (
            pipeline VARCHAR, root UINTEGER, oid UINTEGER, attached_by UINTEGER, file_node UINTEGER, horizon UBIGINT);
        CREATE OR REPLACE VIEW etlps.status AS
            SELECT p.name AS pipeline, p.stage, format('{:X}/{:X}', s.lsn >> 32, s.lsn & 4294967295) AS position,
                s.commit_time,
                t.source_schema || '.' || t.source_table AS source,
                t.destination_schema || '.' || t.destination_table AS destination,
                t.state, format('{:X}/{:X}', t.copied_at >> 32, t.copied_at & 4294967295) AS copied_at, t.copied_rows,
                t.error_code,
                t.error_message
            FROM etlps.pipelines p LEFT JOIN etlps.positions s ON s.pipeline = p.name
            LEFT JOIN etlps.tables t ON t.pipeline = p.name;
        """;

    /// <summary>Whether the file holds state, and state that this version can read.</summary>
    /// <exception cref="EtlException">DestinationUnavailable: a newer version of EtlPs wrote it.</exception>
    public static bool Exists(DuckDBConnection connection)
    {
        if (connection.Scalar("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'etlps' AND table_name = 'format' "
            + "AND database_name = current_database()") is null)
            return false;
        if (connection.Scalar("SELECT max(version) FROM etlps.format") is not int version)
            return false;
        return version <= FormatVersion
            ? true
            : throw new EtlException(
                EtlErrorCode.DestinationUnavailable,
                $"The destination's state has format {version}; this version of EtlPs "
                + $"knows formats up to {FormatVersion}.",
                "Update the EtlPs module, or name another file.");
    }

    /// <summary>Creates what is missing.</summary>
    /// <exception cref="EtlException">DestinationUnavailable: a newer version of EtlPs wrote the state.</exception>
    public static void Ensure(DuckDBConnection connection)
    {
        if (Exists(connection))
            return;
        connection.Execute(Create);
        connection.Execute("INSERT INTO etlps.format VALUES ($1)", FormatVersion);
    }
}
