using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>A busy connection that commits one transaction after the other until it is stopped.</summary>
internal sealed class EndlessWriter : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;

    /// <param name="database">Where.</param>
    /// <param name="next">The next transaction's statements.</param>
    public EndlessWriter(TestDatabase database, Func<string> next) => _writing = WriteAsync(database, next);

    /// <summary>Waits for the transaction under way, and tells what it failed with.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _writing;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WriteAsync(TestDatabase database, Func<string> next)
    {
        await using var connection = await database.OpenAsync();
        while (!_stop.IsCancellationRequested)
        {
            await using var command = new NpgsqlCommand(next(), connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync();
            await using var pause = new NpgsqlCommand("SELECT pg_sleep(0.002)", connection);
            await pause.ExecuteNonQueryAsync();
        }
    }
}
