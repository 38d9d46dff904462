using System.Runtime.CompilerServices;

namespace EtlPs.Testing.Postgres;

/// <summary>
/// One server for all tests of an assembly that need nothing special, started when the first asks for it. To be used
/// as an assembly fixture.
/// </summary>
public sealed class ServerPool : IAsyncDisposable
{
    private const int LongestName = 50;
    private readonly Lazy<Task<PostgresServer>> _server = new(() => PostgresServer.StartAsync());
    private int _next;

    /// <summary>The shared server.</summary>
    public Task<PostgresServer> GetServerAsync() => _server.Value;

    /// <summary>Makes a database named after the calling test, unlike all others.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync([CallerMemberName] string test = "")
    {
        (PostgresServer server, string name) = await NameDatabaseAsync(test);
        await server.CreateDatabaseAsync(name);
        return new TestDatabase(server, name);
    }

    /// <summary>Makes a database of an encoding of its own.</summary>
    public async Task<TestDatabase> CreateEncodedDatabaseAsync(string encoding, [CallerMemberName] string test = "")
    {
        (PostgresServer server, string name) = await NameDatabaseAsync(test);
        await server.CreateDatabaseAsync(name, encoding);
        return new TestDatabase(server, name);
    }

    private async Task<(PostgresServer Server, string Name)> NameDatabaseAsync(string test)
    {
        PostgresServer server = await GetServerAsync();
        string plain = string.Concat(test.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        string name = $"{plain[..Math.Min(plain.Length, LongestName)]}_{Interlocked.Increment(ref _next)}";
        if (server.BinDirectory is null)
            name = $"{name}_{Environment.ProcessId}"; // others may use that server too
        return (server, name);
    }

    /// <summary>Stops the server.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
            await (await _server.Value).DisposeAsync();
    }
}
