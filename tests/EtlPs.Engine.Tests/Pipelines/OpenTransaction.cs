using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>A transaction that a test holds open while others go on.</summary>
internal sealed class OpenTransaction : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private OpenTransaction(NpgsqlConnection connection) => _connection = connection;

    public static async Task<OpenTransaction> BeginAsync(TestDatabase database)
    {
        var transaction = new OpenTransaction(await database.OpenAsync(TestContext.Current.CancellationToken));
        await transaction.ExecuteAsync("BEGIN");
        return transaction;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
