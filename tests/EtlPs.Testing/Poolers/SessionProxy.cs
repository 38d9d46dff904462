using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace EtlPs.Testing.Poolers;

/// <summary>
/// A proxy before each session, as hosted servers have it: each client has a server connection of its own to the end,
/// and is told a process of the proxy's making, by which the proxy knows what to cancel.
/// </summary>
public sealed class SessionProxy : IAsyncDisposable
{
    private const int CancelRequest = 80877102;
    private const int MadeUp = 0x4000_0000;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _closing = new();
    private readonly List<Task> _clients = [];
    private readonly IPEndPoint _server;
    private readonly bool _dropsOptions;
    private readonly Task _accepting;

    private SessionProxy(IPEndPoint server, bool dropsOptions)
    {
        (_server, _dropsOptions) = (server, dropsOptions);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="connectionString">The server.</param>
    /// <param name="dropsOptions">Whether it keeps back the settings that sessions begin with.</param>
    public static async Task<SessionProxy> StartAsync(string connectionString, bool dropsOptions = false)
    {
        var address = new NpgsqlConnectionStringBuilder(connectionString);
        IPAddress[] found = await Dns.GetHostAddressesAsync(address.Host!);
        return new SessionProxy(new IPEndPoint(found[0], address.Port), dropsOptions);
    }

    /// <summary>The same connection string, through the proxy.</summary>
    public string Through(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndPoint!).Port,
    }.ConnectionString;

    /// <summary>Closes all.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_clients);
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _clients.Add(ServeAsync(await _listener.AcceptAsync(_closing.Token)));
        }
        catch (Exception e) when (IsEnd(e))
        {
            // It is being closed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var client = new NetworkStream(socket, ownsSocket: true);
        using var upstream = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await upstream.ConnectAsync(_server, _closing.Token);
            await using var server = new NetworkStream(upstream);
            if (!await BeginAsync(client, server)) return;
            await Task.WhenAny(client.CopyToAsync(server, _closing.Token), server.CopyToAsync(client, _closing.Token));
        }
        catch (Exception e) when (IsEnd(e))
        {
            // One of the ends is gone, or all ends.
        }
    }

    /// <summary>Whether there is a session afterwards.</summary>
    private async Task<bool> BeginAsync(NetworkStream client, NetworkStream server)
    {
        byte[] start = await ReadStartAsync(client);
        while (Code(start) is StartupPacket.TlsRequest or StartupPacket.GssRequest)
        {
            await client.WriteAsync("N"u8.ToArray(), _closing.Token);
            start = await ReadStartAsync(client);
        }
        if (Code(start) == CancelRequest)
        {
            BinaryPrimitives.WriteInt32BigEndian(
                start.AsSpan(8), BinaryPrimitives.ReadInt32BigEndian(start.AsSpan(8)) & ~MadeUp);
            await server.WriteAsync(start, _closing.Token);
            return false;
        }
        if (_dropsOptions) start = await WithoutOptionsAsync(start);
        await server.WriteAsync(start, _closing.Token);
        // The servers of the tests ask for no password: until it is ready only the server speaks.
        while (await PoolerMessage.ReadAsync(server, _closing.Token) is { } message)
        {
            if (message.Type == 'K')
                BinaryPrimitives.WriteInt32BigEndian(
                    message.Bytes.AsSpan(5), BinaryPrimitives.ReadInt32BigEndian(message.Bytes.AsSpan(5)) | MadeUp);
            await client.WriteAsync(message.Bytes, _closing.Token);
            if (message.Type == 'Z') return true;
        }
        return false;
    }

    private async Task<byte[]> WithoutOptionsAsync(byte[] start)
    {
        StartupPacket packet = await StartupPacket.ReadAsync(new MemoryStream(start), _closing.Token);
        var kept = packet.Parameters.Where(p => p.Key != "options").ToDictionary();
        return new StartupPacket(packet.Code, kept).ToBytes();
    }

    private async Task<byte[]> ReadStartAsync(NetworkStream client)
    {
        var length = new byte[4];
        await client.ReadExactlyAsync(length, _closing.Token);
        var packet = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        length.CopyTo(packet, 0);
        await client.ReadExactlyAsync(packet.AsMemory(4), _closing.Token);
        return packet;
    }

    private static int Code(byte[] start) => BinaryPrimitives.ReadInt32BigEndian(start.AsSpan(4));

    private static bool IsEnd(Exception e) =>
        e is SocketException or IOException or ObjectDisposedException or OperationCanceledException;
}
