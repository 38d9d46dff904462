using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Waiting;

namespace EtlPs.Tests.Pipelines;

/// <summary>What a watch has at the server while it runs.</summary>
internal static class WatchedShop
{
    /// <summary>Waits until all that commits from now on will be seen; throws where the watch ends before.</summary>
    public static async Task WatchBeginsAsync(
        this Shop shop, Task<ModuleResult> watching, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var begun = BecomesAsync(
            shop, "EXISTS (SELECT FROM pg_replication_slots WHERE temporary AND confirmed_flush_lsn IS NOT NULL AND "
            + "{0})", over.Token);
        if (await Task.WhenAny(begun, watching) == begun)
            return;
        await over.CancelAsync();
        (await watching).WithoutErrors();
        throw new InvalidOperationException("The watch ended before it began.");
    }

    /// <summary>Waits until neither a slot nor a publication of a watch is there.</summary>
    public static Task WatchLeavesNothingAsync(this Shop shop, CancellationToken cancellationToken) =>
        BecomesAsync(
            shop,
            """
            NOT EXISTS (SELECT FROM pg_replication_slots WHERE temporary AND {0})
            AND NOT EXISTS (SELECT FROM pg_publication WHERE pubname LIKE 'etlps-watch-%')
            """,
            cancellationToken);

    private static async Task BecomesAsync(Shop shop, string condition, CancellationToken cancellationToken)
    {
        await using var connection = await shop.Database.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {string.Format(null, condition, "database = current_database()")}";
        await Eventually.IsTrueAsync(
            async () => Equals(await command.ExecuteScalarAsync(cancellationToken), true), null, cancellationToken,
            command.CommandText);
    }
}
