using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EtlPs.Testing.Processes;
using Npgsql;

namespace EtlPs.Testing.Postgres;

/// <summary>
/// A Postgres server of its own, gone when disposed or when this process ends. Without options, the server that the
/// environment variable ETLPS_TEST_POSTGRES names is used instead, and nothing is started.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly NpgsqlConnectionStringBuilder _address;
    private readonly PostgresBinaries? _binaries;
    private readonly string? _cluster;

    private PostgresServer(NpgsqlConnectionStringBuilder address, PostgresBinaries? binaries, string? cluster)
    {
        address.Pooling = false; // a pooled session outlives its database, and a restart of the server
        _address = address;
        _binaries = binaries;
        _cluster = cluster;
    }

    /// <summary>The host's name or address.</summary>
    public string Host => _address.Host!;

    /// <summary>The TCP port.</summary>
    public int Port => _address.Port;

    /// <summary>The superuser's name.</summary>
    public string SuperUser => _address.Username!;

    /// <summary>The server's major version.</summary>
    public int Version { get; private set; }

    /// <summary>The folder with the server's programs; null for a server that was there already.</summary>
    public string? BinDirectory => _binaries?.BinDirectory;

    /// <summary>What the server logged.</summary>
    public string Log => _cluster is null ? "" : File.ReadAllText(LogFile(_cluster));

    /// <summary>The folder with the server's data.</summary>
    internal string DataFolder => Own().Cluster;

    /// <summary>Starts a server.</summary>
    /// <exception cref="PostgresNotFoundException">No Postgres is here and none can be had.</exception>
    public static async Task<PostgresServer> StartAsync(
        PostgresServerOptions? options = null, CancellationToken cancellationToken = default)
    {
        PostgresServer server;
        if (options is null && ExternalServer.ConnectionString is { } external)
        {
            server = new PostgresServer(new NpgsqlConnectionStringBuilder(external), null, null);
        }
        else
        {
            options ??= new PostgresServerOptions();
            PostgresBinaries binaries = await PostgresBinaries.FindAsync(
                options.Version ?? PostgresVersion.Wanted, cancellationToken);
            string cluster = await Cluster.CreateAsync(binaries, options.Encoding, cancellationToken);
            await ServerConfiguration.WriteAsync(cluster, options, cancellationToken);
            server = await StartOnFreePortAsync(binaries, cluster, cancellationToken);
        }

        string version = await server.ScalarAsync<string>("postgres", "SHOW server_version_num", cancellationToken);
        server.Version = int.Parse(version, null) / 10000;
        return server;
    }

    /// <summary>
    /// Starts a copy of a stopped server's data, slots included, beside it: a standby, which waits to be promoted.
    /// </summary>
    /// <param name="stopped">The server.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="settings">Further settings by name, such as whom it streams from; else it only has what was
    /// there.</param>
    public static async Task<PostgresServer> StartStandbyAsync(
        PostgresServer stopped, CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string>? settings = null)
    {
        (PostgresBinaries binaries, string cluster) = stopped.Own();
        string copy = (await ServerFolder.Current).NextCluster();
        await ChildProcess.RunCheckedAsync("cp", ["-a", cluster, copy], cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(copy, "standby.signal"), "", cancellationToken);
        await File.AppendAllLinesAsync(
            Path.Combine(copy, "postgresql.conf"),
            (settings ?? new Dictionary<string, string>()).Select(s => $"{s.Key} = '{s.Value}'"),
            cancellationToken);
        PostgresServer server = await StartOnFreePortAsync(binaries, copy, cancellationToken);
        server.Version = stopped.Version;
        return server;
    }

    /// <summary>A connection string of the superuser, without pooling.</summary>
    public string ConnectionString(string database = "postgres") =>
        new NpgsqlConnectionStringBuilder(_address.ConnectionString) { Database = database }.ConnectionString;

    /// <summary>Makes a database. Returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        await ExecuteAsync("postgres", $"CREATE DATABASE {Quote(name)}", cancellationToken);
        return ConnectionString(name);
    }

    /// <summary>Makes a database of an encoding of its own.</summary>
    public Task CreateDatabaseAsync(string name, string encoding, CancellationToken cancellationToken = default) =>
        ExecuteAsync(
            "postgres",
            $"CREATE DATABASE {Quote(name)} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'",
            cancellationToken);

    /// <summary>
    /// Makes a role that may log in and, unlike others here, has to give its password. Returns its connection string.
    /// </summary>
    public async Task<string> CreateRoleAsync(
        string name, string password, string attributes = "", string database = "postgres",
        CancellationToken cancellationToken = default)
    {
        string group = ServerConfiguration.PasswordRole;
        await ExecuteAsync(
            "postgres",
            $"""
            DO $$ BEGIN CREATE ROLE {group} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END $$;
            CREATE ROLE {Quote(name)} LOGIN PASSWORD '{password.Replace("'", "''")}' {attributes} IN ROLE {group};
            """,
            cancellationToken);
        return new NpgsqlConnectionStringBuilder(ConnectionString(database)) { Username = name, Password = password }
            .ConnectionString;
    }

    /// <summary>Runs SQL as the superuser; several statements in one text are one transaction.</summary>
    public async Task ExecuteAsync(string database, string sql, CancellationToken cancellationToken = default)
    {
        await using NpgsqlConnection connection = await OpenAsync(database, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs SQL as the superuser and returns the first value of its first row.</summary>
    public async Task<T> ScalarAsync<T>(string database, string sql, CancellationToken cancellationToken = default)
    {
        await using NpgsqlConnection connection = await OpenAsync(database, cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        object? value = await command.ExecuteScalarAsync(cancellationToken);
        return value is null or DBNull ? default! : (T)value;
    }

    /// <summary>Opens a connection of the superuser.</summary>
    public async Task<NpgsqlConnection> OpenAsync(string database, CancellationToken cancellationToken = default)
    {
        var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    /// <summary>Writes a file of the server's own, which only its user may read, as it asks of a key.</summary>
    public async Task WriteFileAsync(string name, string text, CancellationToken cancellationToken = default)
    {
        string path = Path.Combine(DataFolder, name);
        await File.WriteAllTextAsync(path, text, cancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await ServerAccount.Current.GiveAsync(path, cancellationToken);
    }

    /// <summary>Stops the server; its data stay until it is disposed.</summary>
    public async Task StopAsync(ShutdownMode mode = ShutdownMode.Fast, CancellationToken cancellationToken = default)
    {
        (PostgresBinaries binaries, string cluster) = Own();
        ProcessOutcome outcome = await PgCtlAsync(
            binaries, cluster, ["stop", "-w", "-m", mode.ToString().ToLowerInvariant()], cancellationToken);
        if (outcome.ExitCode != 0)
            throw new InvalidOperationException($"pg_ctl stop failed: {outcome.ErrorOutput}{outcome.Output}");
    }

    /// <summary>Starts a stopped or killed server again, on the same port.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        (PostgresBinaries binaries, string cluster) = Own();
        ProcessOutcome outcome = await StartOnceAsync(binaries, cluster, Port, cancellationToken);
        if (outcome.ExitCode != 0)
            throw new InvalidOperationException($"The server does not start: {Log}");
    }

    /// <summary>Kills the server as kill -9 does, and waits until its processes are gone.</summary>
    public async Task KillAsync(CancellationToken cancellationToken = default)
    {
        (_, string cluster) = Own();
        using Process postmaster = Process.GetProcessById(ProcessId(cluster));
        postmaster.Kill(entireProcessTree: true);
        await postmaster.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Stops the server at once and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_cluster is null || _binaries is null)
            return;
        await PgCtlAsync(_binaries, _cluster, ["stop", "-w", "-m", "immediate"], CancellationToken.None);
        Directory.Delete(_cluster, recursive: true);
    }

    internal static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"")}\"";

    private static async Task<PostgresServer> StartOnFreePortAsync(
        PostgresBinaries binaries, string cluster, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            int port = FreePort();
            ProcessOutcome outcome = await StartOnceAsync(binaries, cluster, port, cancellationToken);
            if (outcome.ExitCode == 0)
            {
                var address = new NpgsqlConnectionStringBuilder
                {
                    Host = "127.0.0.1", Port = port, Username = Cluster.SuperUser,
                };
                return new PostgresServer(address, binaries, cluster);
            }

            // Between the look for a port and its use, another process may have taken it.
            string log = File.Exists(LogFile(cluster))
                ? await File.ReadAllTextAsync(LogFile(cluster), cancellationToken)
                : "";
            if (attempt == 5 || !log.Contains("could not bind", StringComparison.Ordinal))
                throw new InvalidOperationException($"The server does not start: {outcome.ErrorOutput}{log}");
        }
    }

    private static Task<ProcessOutcome> StartOnceAsync(
        PostgresBinaries binaries, string cluster, int port, CancellationToken cancellationToken) =>
        PgCtlAsync(
            binaries, cluster, ["start", "-w", "-t", "120", "-l", LogFile(cluster), "-o", $"-p {port}"],
            cancellationToken);

    private static Task<ProcessOutcome> PgCtlAsync(
        PostgresBinaries binaries, string cluster, string[] arguments, CancellationToken cancellationToken) =>
        ServerAccount.Current.RunAsync(binaries.Program("pg_ctl"), [.. arguments, "-D", cluster], cancellationToken);

    private static int ProcessId(string cluster) =>
        int.Parse(File.ReadLines(Path.Combine(cluster, "postmaster.pid")).First(), null);

    private static string LogFile(string cluster) => Path.Combine(cluster, "server.log");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private (PostgresBinaries Binaries, string Cluster) Own() => _binaries is not null && _cluster is not null
        ? (_binaries, _cluster)
        : throw new InvalidOperationException("A server that was there already is not stopped or started by tests.");
}
