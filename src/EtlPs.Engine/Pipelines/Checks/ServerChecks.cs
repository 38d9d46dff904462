using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Checks;

/// <summary>What is looked at of the server, whatever tables are copied from it.</summary>
internal sealed class ServerChecks(Checklist list, NpgsqlConnection connection, PipelineDefinition definition)
{
    private const string SlotTimeout = "idle_replication_slot_timeout";

    // Our sessions are started with all but the last two at zero.
    private static readonly string[] Timeouts =
    [
        "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
        "transaction_timeout",
        "wal_sender_timeout", SlotTimeout,
    ];

    private const string ReadTimeouts = """
        SELECT s.name, s.setting = '0', pg_catalog.current_setting(s.name) FROM pg_catalog.pg_settings AS s
        WHERE s.name = ANY ($1) ORDER BY s.name
        """;

    public async Task RunAsync(bool usesSlot, CancellationToken cancellationToken)
    {
        var server = await ServerFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        list.Add("ServerVersion", server.VersionProblem(definition.Source), $"Postgres {server.Version}.");
        list.Add(
            "NoPooler",
            await new SessionProbe(connection, definition.Source).FindProblemAsync(server.Pid, cancellationToken)
            .ConfigureAwait(false),
            $"The session has the server's process {server.Pid} to itself.");
        await CheckTimeoutsAsync(usesSlot, cancellationToken).ConfigureAwait(false);
        if (usesSlot) await CheckReplicationAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task CheckReplicationAsync(CancellationToken cancellationToken)
    {
        var source = definition.Source;
        var server = await ReplicationFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        list.Add("WalLevel", server.WalLevelProblem(source), $"wal_level is {server.WalLevel}.");
        list.Add("ReplicationRight", server.RightProblem(source), $"The role {source.UserName} may replicate.");
        list.Add("Primary", server.StandbyProblem(source), "The server is no standby.");
        list.Add(
            "WalSenders", server.SenderProblem(),
            $"{server.UsedSenders} of {server.Senders} walsenders run (max_wal_senders).");
        if (definition.FailoverSlot)
            list.Add(
                "FailoverSlot", FailoverSlot.Problem(source, connection.PostgreSqlVersion),
                "Standbys with sync_replication_slots can keep a copy of the slot.");
        var slot = await new SlotCatalog(connection)
            .FindAsync(definition.EffectiveSlotName, cancellationToken).ConfigureAwait(false);
        list.Add(
            "ReplicationSlots", server.SlotProblem(slot is not null),
            $"{server.UsedSlots} of {server.Slots} slots exist (max_replication_slots).");
        if (await SlotRoomReader.ReadLimitAsync(connection, cancellationToken).ConfigureAwait(false) is { } limit)
            list.Pass("SlotWalLimit", $"max_slot_wal_keep_size is {limit >> 20} MB: a slot further behind is lost.");
        else
            list.Warn(
                "SlotWalLimit", PipelineRules.UnlimitedWalEvidence(definition), PipelineRules.UnlimitedWalRemedy,
                "ALTER SYSTEM SET max_slot_wal_keep_size = '…GB'; SELECT pg_reload_conf();");
    }

    private async Task CheckTimeoutsAsync(bool usesSlot, CancellationToken cancellationToken)
    {
        var found = await connection.ReadAsync(
            ReadTimeouts, r => (Name: r.GetString(0), IsOff: r.GetBoolean(1), Value: r.GetString(2)), cancellationToken,
            (object)Timeouts)
            .ConfigureAwait(false);
        var evidence = string.Join(", ", found.Select(t => $"{t.Name} {t.Value}"));
        var ends = found.Where(t => !t.IsOff && t.Name is not ("wal_sender_timeout" or SlotTimeout)).Select(t => t.Name)
            .ToList();
        if (ends.Count > 0)
            list.Warn(
                "IdleTimeouts",
                $"In spite of how sessions are started, {string.Join(" and ", ends)} would end them: {evidence}.",
                "Find out what stands in between (a pooler, an event trigger on login) and sets them.");
        else if (usesSlot && found.Any(t => t.Name == SlotTimeout && !t.IsOff))
            list.Warn(
                "IdleTimeouts",
                $"The server drops what a slot needs when nothing streams from it for {SlotTimeout}: {evidence}.",
                "Stream more often than that, or raise it.",
                $"ALTER SYSTEM SET {SlotTimeout} = 0; SELECT pg_reload_conf();");
        else
            list.Pass("IdleTimeouts", $"As our sessions have them: {evidence}.");
    }
}
