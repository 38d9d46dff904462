using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Sources;

/// <summary>Drops slots that nobody needs any more.</summary>
public sealed class SlotRemoval(SourceSettings settings)
{
    // After its session was ended a walsender lets go of a slot within milliseconds, if nothing holds it up.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    private readonly PostgresConnector _connector = new(settings);

    /// <summary>What a removal does.</summary>
    public static string Statement(string slotName) => $"SELECT pg_drop_replication_slot('{slotName}')";

    /// <summary>Drops a slot; nothing happens where there is none.</summary>
    /// <param name="slotName">Its name.</param>
    /// <param name="endedPid">The process whose session is ended first, where that streams from it; null: none
    /// is.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="EtlException">SlotActive, PermissionDenied, and whatever a connection can meet.</exception>
    public async Task DropAsync(string slotName, int? endedPid, CancellationToken cancellationToken)
    {
        var connection = await _connector.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        var slots = new SlotCatalog(connection);
        var patience = new Patience(LongestEnd);
        try
        {
            while (await slots.FindAsync(slotName, cancellationToken).ConfigureAwait(false) is { Active: true } slot)
            {
                if (endedPid is not { } pid || slot.ActivePid != pid || !patience.IsLeft) throw Active(slot);
                await connection.ExecuteAsync(
                    "SELECT pg_catalog.pg_terminate_backend($1)", cancellationToken, pid).ConfigureAwait(false);
                await Patience.PauseAsync(cancellationToken).ConfigureAwait(false);
            }
            await slots.DropAsync(slotName, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw _connector.Translate(e);
        }
    }

    private static EtlException Active(SlotInfo slot) => new(
        EtlErrorCode.SlotActive,
        $"Replication slot {slot.Name} is in use by server process {slot.ActivePid}.",
        "Stop what streams from it, or use -Force, which ends the session that has it when it is given, and no later "
        + "one.")
    {
        Subject = slot.Name,
    };
}
