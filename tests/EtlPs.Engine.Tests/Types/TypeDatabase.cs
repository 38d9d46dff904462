using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Types;

/// <summary>One database with all types of the matrix, for tests that make nothing but temporary tables.</summary>
public sealed class TypeDatabase(ServerPool servers) : IAsyncLifetime
{
    /// <summary>The settings that shape text, as a pipeline's sessions have them.</summary>
    public const string Settings = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; "
        + "SET bytea_output = 'hex'; SET extra_float_digits = 3; SET lc_monetary = 'C'; "
        + "SET quote_all_identifiers = off";

    private TestDatabase? _database;

    public async ValueTask InitializeAsync()
    {
        _database = await servers.CreateDatabaseAsync("type_matrix");
        await _database.ExecuteAsync(TypeMatrix.Setup, TestContext.Current.CancellationToken);
    }

    /// <summary>A session with these settings.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = await _database!.Server.OpenAsync(_database.Name, TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(Settings, connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    public async ValueTask DisposeAsync() => await _database!.DisposeAsync();
}
