using System.Text.RegularExpressions;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Postgres;

/// <summary>What the server itself reported, by SQLSTATE.</summary>
internal static partial class ServerErrors
{
    private const string RowExceptions = "22";
    private const string Constraints = "23";
    private const string Routines = "P0";

    public static EtlException Translate(PostgresException e, SourceSettings source) => e.SqlState switch
    {
        "28P01" or "28000" => Error(
            EtlErrorCode.AuthenticationFailed, e,
            $"The server refused {source}: user or password is wrong, or pg_hba.conf has no entry for it",
            "Check user and password (credential, connection text or pgpass), and pg_hba.conf on the server."),
        "3D000" => Error(
            EtlErrorCode.DatabaseNotFound, e, $"There is no database {source.Database} on {source.Host}:{source.Port}",
            "Check the database's name; upper and lower case differ."),
        "42501" when IsReplicationRight(e) => ReplicationRightMissing(source, e),
        "42501" when e.Routine == "check_enable_rls" => Error(
            EtlErrorCode.PermissionDenied, e,
            $"Row security would hide rows from the role {source.UserName}: {e.MessageText}",
            "Let a superuser run ALTER ROLE … BYPASSRLS, or let the policy go; "
            + "then copy the table again with Reset-EtlTable."),
        "42501" => Error(
            EtlErrorCode.PermissionDenied, e, $"The role {source.UserName} lacks a right: {e.MessageText}",
            "Grant it: SELECT on the tables, USAGE on their schemas, CREATE on the database and ownership of the "
            + "tables for a publication."),
        "53400" => NoFreeSlot(e, "All replication slots of the server are taken", "max_replication_slots"),
        "53300" =>
            NoFreeSlot(e, "The server takes no more sessions or walsenders", "max_connections or max_wal_senders"),
        "55006" when AboutSlot(e) => Error(
            EtlErrorCode.SlotActive, e, $"Another session uses the replication slot: {e.MessageText}",
            "Stop the other run, or wait until the server notices that its connection is gone (wal_sender_timeout)."),
        "55000" when e.Routine == "CheckLogicalDecodingRequirements" || Says(e, "wal_level") =>
            WalLevelNotLogical(source, e),
        // Postgres 18 only warns of it, and goes on without the publication's changes.
        "55000" when e.Routine == "LoadPublications" => PublicationGone(e),
        "55000" when AboutSlot(e) => SlotLost(e),
        // The WAL file that the slot needs was removed.
        "58P01" when e.File is "walsender.c" or "xlogreader.c" or "xlogutils.c" => SlotLost(e),
        "42704" when AboutSlot(e) => Error(
            EtlErrorCode.SlotMissing, e, $"The replication slot is gone: {e.MessageText}",
            "Start with -Restart: it makes a new slot and copies the tables again."),
        "42704" when Says(e, "publication") || e.Routine == "get_publication_oid" => PublicationGone(e),
        "42710" when AboutSlot(e) => Error(
            EtlErrorCode.SlotExists, e, $"There is a slot of that name already: {e.MessageText}",
            "Use another pipeline or slot name, or drop the slot if nothing uses it."),
        "42710" when Says(e, "publication") => Error(
            EtlErrorCode.PublicationUnusable, e, $"There is a publication of that name already: {e.MessageText}",
            "Use another pipeline name, or name that publication as the one to use."),
        "42883" when Says(e, "binary output") || e.Routine == "getTypeBinaryOutputInfo" => Error(
            EtlErrorCode.UnsupportedType, e, $"A column's type has no binary form: {e.MessageText}",
            "Leave the table out, or publish it without that column."),
        "42P01" or "3F000" => Error(
            EtlErrorCode.TableNotFound, e, $"A table is not there: {e.MessageText}",
            "Check the name; write \"…\" around names with upper case or special characters."),
        "42703" => Error(
            EtlErrorCode.SchemaChanged, e, $"A column is not there any more: {e.MessageText}",
            "Start again; if the column was dropped or renamed, copy the table again with Reset-EtlTable."),
        "55P03" => Error(
            EtlErrorCode.TimedOut, e, "A table's lock could not be had in time",
            "Another session holds the table, as DDL or VACUUM FULL does: start again when it is done."),
        "57014" => Error(
            EtlErrorCode.TimedOut, e, "The server cancelled a statement",
            "Start again; someone cancelled it, or a time-out that cannot be set by the role stands in the way."),
        "57P03" => Error(
            EtlErrorCode.SourceUnreachable, e, $"The server at {source.Host}:{source.Port} takes no connections now",
            "It is starting, stopping or recovering: try again later."),
        "08P01" when Says(e, "startup parameter") =>
            PoolerInBetween(source, $"it refuses what a session begins with ({e.MessageText})", e),
        "25P03" or "25P04" or "57P05" => PostgresErrors.ConnectionLost(source, e),
        // "Invalid snapshot identifier" (17: "does not exist"): the session that kept the snapshot broke, and took it
        // along.
        _ when e.Routine == "ImportSnapshot" => PostgresErrors.ConnectionLost(source, e),
        // Of a session that lives on: the connection is the server's own, to another one.
        "08000" or "08001" or "08003" or "08006" when e.InvariantSeverity == "ERROR" => Error(
            EtlErrorCode.Unexpected, e, $"The server at {source.Host}:{source.Port} lost another one: {e.MessageText}",
            "Check the server that the foreign table names, and the way there; then start again."),
        _ when e.SqlState.StartsWith("08", StringComparison.Ordinal)
        || e.SqlState.StartsWith("57P", StringComparison.Ordinal) =>
            PostgresErrors.ConnectionLost(source, e),
        // Their messages quote values: neither the text nor the exception goes on.
        _ when HoldsValues(e) || e.SqlState.StartsWith(Routines, StringComparison.Ordinal) => new EtlException(
            EtlErrorCode.ValueNotRepresentable, $"The server could not hand out a value (SQLSTATE {e.SqlState}).",
            "The server's log names the value; correct it in the source or leave the table out."),
        _ => Error(
            EtlErrorCode.Unexpected, e,
            $"The server at {source.Host}:{source.Port} reports: {e.MessageText} (SQLSTATE {e.SqlState})",
            "Start again; if it comes back, look into the server's log."),
    };

    public static EtlException ReplicationRightMissing(SourceSettings source, Exception? inner) => new(
        EtlErrorCode.ReplicationRightMissing,
        $"The role {source.UserName} may not replicate from {source.Host}:{source.Port}.",
        $"Let a superuser run: ALTER ROLE {Changes.TableName.Quote(source.UserName ?? "")} REPLICATION;", inner)
    {
        Sql = $"ALTER ROLE {Changes.TableName.Quote(source.UserName ?? "")} REPLICATION;",
    };

    public static EtlException WalLevelNotLogical(SourceSettings source, Exception? inner) => new(
        EtlErrorCode.WalLevelNotLogical,
        $"The server at {source.Host}:{source.Port} does not write what logical replication needs: wal_level is not "
        + "logical.",
        "Let a superuser run: ALTER SYSTEM SET wal_level = logical; "
        + "then restart the server. A one-off copy needs it not: -SnapshotOnly.",
        inner)
    {
        Sql = "ALTER SYSTEM SET wal_level = logical;",
    };

    /// <param name="source">The source.</param>
    /// <param name="evidence">What gave it away, in words.</param>
    /// <param name="inner">The error that did.</param>
    public static EtlException PoolerInBetween(SourceSettings source, string evidence, Exception? inner) => new(
        EtlErrorCode.PoolerInBetween,
        $"A connection pooler answers at {source.Host}:{source.Port} in the server's place: {evidence}.",
        "Name the server's own host and port (by default 5432; "
        + "poolers mostly have 6432 or 6543): snapshots and replication need sessions of their own.",
        inner);

    public static EtlException NoFreeSlot(Exception? inner, string what, string setting) => new(
        EtlErrorCode.NoFreeSlot, $"{what}.", $"Free one, or raise {setting} on the server and restart it.", inner);

    public static bool HoldsValues(PostgresException e) =>
        e.SqlState.StartsWith(RowExceptions, StringComparison.Ordinal)
        || e.SqlState.StartsWith(Constraints, StringComparison.Ordinal);

    /// <summary>The process that holds a slot, out of a message like <c>… is active for PID 4711</c>.</summary>
    public static int? ReadActivePid(PostgresException e) =>
        LastNumber().Match(e.MessageText) is { Success: true } match && int.TryParse(match.ValueSpan, out var pid)
        ? pid
        : null;

    private static bool IsReplicationRight(PostgresException e) =>
        e.Routine is "InitPostgres" or "CheckSlotPermissions" or "check_permissions"
        || Says(e, "replication role") || Says(e, "replication slots") || Says(e, "WAL sender") || Says(e, "walsender");

    private static bool AboutSlot(PostgresException e) =>
        e.File is "slot.c" or "logical.c" or "slotfuncs.c" || Says(e, "replication slot");

    private static bool Says(PostgresException e, string text) =>
        e.MessageText.Contains(text, StringComparison.OrdinalIgnoreCase);

    private static EtlException PublicationGone(PostgresException e) => Error(
        EtlErrorCode.PublicationUnusable, e, $"The publication is gone: {e.MessageText}",
        "Make the publication again and start with -Restart: what was written meanwhile was not streamed.");

    private static EtlException SlotLost(PostgresException e) => Error(
        EtlErrorCode.SlotLost, e, $"The slot cannot go on: {e.MessageText}",
        SlotLoss.CopyAnew + "Get-EtlSlotLag and the server's log say why.");

    private static EtlException Error(EtlErrorCode code, PostgresException e, string what, string remedy) =>
        new(code, what + ".", remedy, e);

    [GeneratedRegex(@"[0-9]+(?=[^0-9]*$)")]
    private static partial Regex LastNumber();
}
