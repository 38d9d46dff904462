using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Connections that write to a shop until they are asked to stop.</summary>
internal sealed class ShopWriters : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _writers;

    private ShopWriters(TestDatabase database, int connections) =>
        _writers = [.. Enumerable.Range(0, connections).Select(worker => WriteAsync(database, worker))];

    public static ShopWriters Start(TestDatabase database, int connections) => new(database, connections);

    /// <summary>Waits for the transactions under way.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writers);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WriteAsync(TestDatabase database, int worker)
    {
        await using var connection = await database.OpenAsync();
        while (!_stop.IsCancellationRequested)
        {
            await using var command =
                new Npgsql.NpgsqlCommand($"CALL work({worker}, 10)", connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync();
            // A shop that is busy, not one that takes the whole machine.
            await using var pause = new Npgsql.NpgsqlCommand("SELECT pg_sleep(0.02)", connection);
            await pause.ExecuteNonQueryAsync();
        }
    }
}
