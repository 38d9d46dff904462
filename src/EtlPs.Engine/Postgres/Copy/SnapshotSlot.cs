using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication;
using Npgsql;
using Npgsql.Replication;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>
/// A snapshot with the exact LSN it was taken at, which only the making of a slot gives. A snapshot exported by a
/// walsender dies with its next command, so that a keeper session imports and exports it again; it lives until this is
/// disposed.
/// </summary>
internal sealed class SnapshotSlot : IAsyncDisposable
{
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10);

    private readonly NpgsqlConnection _keeper;
    private LogicalReplicationConnection? _connection;

    private SnapshotSlot(NpgsqlConnection keeper, Lsn consistentPoint, string snapshotName)
    {
        _keeper = keeper;
        ConsistentPoint = consistentPoint;
        SnapshotName = snapshotName;
    }

    /// <summary>
    /// Every transaction whose commit ends at or below it is in the snapshot, and none other; zero without a slot.
    /// </summary>
    public Lsn ConsistentPoint { get; }

    /// <summary>The keeper's snapshot.</summary>
    public string SnapshotName { get; }

    /// <summary>
    /// Makes the slot, which waits for all transactions then running. A temporary one is gone again on return; a
    /// permanent one stays, unless this fails or is cancelled.
    /// </summary>
    /// <param name="connector">The source.</param>
    /// <param name="slotName">The slot's name.</param>
    /// <param name="temporary">Whether it goes with its connection.</param>
    /// <param name="afterSlotCreated">Called when the slot is there.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <param name="keepsConnection">Whether the connection, and a temporary slot with it, lives on until it is taken
    /// or this is disposed.</param>
    public static async Task<SnapshotSlot> CreateAsync(
        PostgresConnector connector,
        string slotName,
        bool temporary,
        Func<CancellationToken, Task>? afterSlotCreated,
        CancellationToken cancellationToken,
        bool keepsConnection = false)
    {
        SlotName.Require(slotName);
        var replication = await connector.OpenReplicationAsync(cancellationToken).ConfigureAwait(false);
        var created = false;
        var kept = false;
        try
        {
            var slot = await replication.CreatePgOutputReplicationSlot(
                slotName, temporary, LogicalSlotSnapshotInitMode.Export, twoPhase: false, cancellationToken)
                .ConfigureAwait(false);
            created = true;
            if (afterSlotCreated is not null)
                await afterSlotCreated(cancellationToken).ConfigureAwait(false);
            var snapshot = await KeepAsync(
                connector, slot.SnapshotName, new Lsn((ulong)slot.ConsistentPoint), cancellationToken)
                .ConfigureAwait(false);
            if (keepsConnection) snapshot._connection = replication;
            kept = keepsConnection;
            return snapshot;
        }
        catch (Exception e)
        {
            // First, so that a temporary slot and an exported snapshot do not outlive it.
            await replication.DisposeAsync().ConfigureAwait(false);
            if (created && !temporary)
                await TryDropAsync(connector, slotName).ConfigureAwait(false);
            if (e is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            // Npgsql wraps the server's "canceling statement" when the token asked for it.
            cancellationToken.ThrowIfCancellationRequested();
            throw connector.Translate(e);
        }
        finally
        {
            if (!kept) await replication.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One exported snapshot without an LSN, for a copy that no stream follows.</summary>
    public static async Task<SnapshotSlot> WithoutSlotAsync(
        PostgresConnector connector, CancellationToken cancellationToken)
    {
        try
        {
            return await KeepAsync(connector, null, Lsn.Zero, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw connector.Translate(e);
        }
    }

    /// <summary>Hands the slot's own connection over, to be streamed on and disposed by the caller.</summary>
    public LogicalReplicationConnection TakeConnection()
    {
        var taken = _connection ?? throw new InvalidOperationException("The connection was not kept.");
        _connection = null;
        return taken;
    }

    /// <summary>Whether the keeper's session is still there: without it nobody can take up the snapshot.</summary>
    public async Task<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(LongestAnswer);
        try
        {
            await _keeper.ExecuteAsync("SELECT 1", patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _keeper.DisposeAsync().ConfigureAwait(false);
        if (_connection is not null) await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<SnapshotSlot> KeepAsync(
        PostgresConnector connector, string? imported, Lsn consistentPoint, CancellationToken cancellationToken)
    {
        var keeper = await connector.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await keeper.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellationToken)
                .ConfigureAwait(false);
            if (imported is not null)
                await keeper.ExecuteAsync($"SET TRANSACTION SNAPSHOT '{imported}'", cancellationToken)
                    .ConfigureAwait(false);
            var exported = await keeper.ReadAsync(
                "SELECT pg_catalog.pg_export_snapshot()", r => r.GetString(0), cancellationToken).ConfigureAwait(false);
            return new SnapshotSlot(keeper, consistentPoint, exported[0]);
        }
        catch
        {
            await keeper.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task TryDropAsync(PostgresConnector connector, string slotName)
    {
        try
        {
            // Not the caller's token: it may be what brought us here.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            var connection = await connector.OpenAsync(patience.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
                await new SlotCatalog(connection).DropAsync(slotName, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or Pipelines.Errors.EtlException)
        {
            // The error that brought us here is the one to tell. The state says "Creating": the next start drops the
            // slot.
        }
    }
}
