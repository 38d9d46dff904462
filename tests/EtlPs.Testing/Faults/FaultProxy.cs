using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace EtlPs.Testing.Faults;

/// <summary>
/// A TCP proxy between a pipeline and its server that breaks connections in the ways that networks do.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly string _host;
    private readonly int _port;
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<ProxiedConnection, Task> _connections = new();
    private Socket _listener;
    private Task _accepting;

    private FaultProxy(string host, int port)
    {
        _host = host;
        _port = port;
        _listener = Listen(0);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>How many connections were made through it.</summary>
    public int Accepted { get; private set; }

    /// <summary>How much later each piece arrives.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How fast each connection is at most; 0: as fast as it can be.</summary>
    public int BytesPerSecond { get; set; }

    /// <summary>Begins to listen.</summary>
    public static FaultProxy Start(string host, int port) => new(host, port);

    /// <summary>The same connection string, through the proxy.</summary>
    public string Through(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Port = Port }.ConnectionString;

    /// <summary>Cuts every connection there is: both ends see a reset. New ones are served.</summary>
    public void Cut()
    {
        foreach (ProxiedConnection connection in _connections.Keys) connection.Dispose();
    }

    /// <summary>
    /// Leaves every connection there is half-open: what either end sends, even its end, is swallowed.
    /// </summary>
    public void Swallow()
    {
        foreach (ProxiedConnection connection in _connections.Keys) connection.Swallow();
    }

    /// <summary>Refuses new connections; those there are stay.</summary>
    public async Task RefuseAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    /// <summary>Cuts every connection there is, and refuses new ones.</summary>
    public async Task FailAsync()
    {
        await RefuseAsync();
        Cut();
    }

    /// <summary>Takes connections again, at the same address.</summary>
    public void Serve()
    {
        _listener = Listen(Port);
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Closes all.</summary>
    public async ValueTask DisposeAsync()
    {
        await FailAsync();
        await _closing.CancelAsync();
        await Task.WhenAll(_connections.Values);
        _closing.Dispose();
    }

    private static Socket Listen(int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen();
        return listener;
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(_closing.Token);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
            Accepted++;
            var connection = new ProxiedConnection(client, this);
            _connections[connection] = ServeAsync(connection);
        }
    }

    private async Task ServeAsync(ProxiedConnection connection)
    {
        await Task.Yield();
        await connection.RunAsync(_host, _port, _closing.Token);
        _connections.TryRemove(connection, out _);
    }
}
