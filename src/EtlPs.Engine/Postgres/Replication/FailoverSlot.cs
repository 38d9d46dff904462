using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Wire;
using EtlPs.Engine.Sources;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// A slot that standbys with <c>sync_replication_slots</c> keep a copy of, so that it is there after one of them was
/// promoted. What is made without it can be given it at any time.
/// </summary>
internal static class FailoverSlot
{
    private const int OldestServer = 17;

    /// <summary>The command of the replication protocol.</summary>
    public static string Statement(string slotName) => $"ALTER_REPLICATION_SLOT {slotName} (FAILOVER true)";

    /// <summary>Why a server has no such slots; null: it has.</summary>
    public static EtlException? Problem(SourceSettings source, Version server) =>
        server.Major >= OldestServer ? null : new EtlException(
            EtlErrorCode.ServerTooOld,
            $"The server at {source.Host}:{source.Port} is Postgres {server.Major}, whose slots do not outlive a "
            + $"failover; {OldestServer} is the oldest whose do.",
            "Leave -FailoverSlot out, or upgrade the server.");

    /// <summary>Makes a slot, in which nobody streams, one of them.</summary>
    /// <exception cref="EtlException">Whatever the server says against it.</exception>
    public static async Task EnableAsync(
        PostgresConnector connector, string slotName, CancellationToken cancellationToken)
    {
        SlotName.Require(slotName);
        using var session = await OpenAsync(connector, cancellationToken).ConfigureAwait(false);
        using var aborting = cancellationToken.Register(static state => ((WireSession)state!).Abort(), session);
        try
        {
            await BlockingCall.RunAsync(() => session.Execute(Statement(slotName))).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw connector.Translate(e);
        }
    }

    /// <summary>Finds out whether the command can be sent, before anything is made.</summary>
    /// <exception cref="EtlException">InvalidArgument: not over such a connection.</exception>
    public static async Task RequireWayAsync(PostgresConnector connector, CancellationToken cancellationToken)
    {
        using var session = await OpenAsync(connector, cancellationToken).ConfigureAwait(false);
    }

    // Npgsql knows no such command, and lets nobody else send one.
    private static async Task<WireSession> OpenAsync(
        PostgresConnector connector, CancellationToken cancellationToken) =>
        await connector.TryOpenWireReplicationAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new EtlException(
                EtlErrorCode.InvalidArgument,
                "-FailoverSlot needs a connection without Kerberos and client certificates.",
                "Leave it out, or give the role a password for a connection of its own.");
}
