using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Npgsql;

namespace EtlPs.Testing.Poolers;

/// <summary>
/// A connection pooler, as it is on the wire: it answers a client itself, tells it a process of its own making, knows
/// few of the parameters that a session may begin with, and gives each transaction the server connection that has
/// rested longest, so that the next one has another.
/// </summary>
public sealed class TransactionPooler : IAsyncDisposable
{
    private const int MadeUpPid = 0x7E57_0001;

    private static readonly string[] KnownParameters =
        ["user", "database", "client_encoding", "application_name", "DateStyle", "TimeZone",
            "standard_conforming_strings"];

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Channel<Stream> _atRest = Channel.CreateUnbounded<Stream>();
    private readonly List<PoolerMessage> _serverParameters = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly List<Task> _clients = [];
    private readonly string[] _ignored;
    private Task _accepting = Task.CompletedTask;

    private TransactionPooler(string[] ignored) => _ignored = ignored;

    /// <summary>How many transactions it has given a server connection.</summary>
    public int Transactions { get; private set; }

    /// <summary>Connects to the server, whose role needs no password, and begins to listen.</summary>
    /// <param name="connectionString">One role's sessions in one database.</param>
    /// <param name="ignored">Parameters of a session's start that are passed over; any other that is not known is
    /// refused.</param>
    public static Task<TransactionPooler> StartAsync(string connectionString, params string[] ignored) =>
        StartAsync(connectionString, 2, ignored);

    /// <summary>The same, with so many server connections.</summary>
    public static async Task<TransactionPooler> StartAsync(
        string connectionString, int serverConnections, params string[] ignored)
    {
        var pooler = new TransactionPooler(ignored);
        for (int i = 0; i < serverConnections; i++) await pooler.ConnectAsync(
            new NpgsqlConnectionStringBuilder(connectionString));
        pooler._listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        pooler._listener.Listen();
        pooler._accepting = pooler.AcceptAsync();
        return pooler;
    }

    /// <summary>The same connection string, through the pooler.</summary>
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
        while (_atRest.Reader.TryRead(out Stream? server)) await server.DisposeAsync();
        _closing.Dispose();
    }

    private async Task ConnectAsync(NpgsqlConnectionStringBuilder address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host!, address.Port);
        var server = new NetworkStream(socket, ownsSocket: true);
        var parameters = new Dictionary<string, string> { ["user"] = address.Username!,
            ["database"] = address.Database! };
        await server.WriteAsync(new StartupPacket(StartupPacket.Protocol3, parameters).ToBytes());
        _serverParameters.Clear();
        while (await PoolerMessage.ReadAsync(server, CancellationToken.None) is { Type: not 'Z' } message)
        {
            if (message.Type == 'E') throw new InvalidOperationException("The server takes no session of the pooler.");
            if (message.Type == 'S') _serverParameters.Add(message);
        }
        _atRest.Writer.TryWrite(server);
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
        try
        {
            if (!await BeginAsync(client)) return;
            while (await PoolerMessage.ReadAsync(client, _closing.Token) is { Type: not 'X' } first)
            {
                Stream server = await _atRest.Reader.ReadAsync(_closing.Token);
                Transactions++;
                await RunTransactionAsync(client, server, first);
                _atRest.Writer.TryWrite(server);
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The client left, or all ends.
        }
    }

    /// <summary>Answers as a server does, without asking one.</summary>
    private async Task<bool> BeginAsync(Stream client)
    {
        StartupPacket start = await StartupPacket.ReadAsync(client, _closing.Token);
        while (start.Code is StartupPacket.TlsRequest or StartupPacket.GssRequest)
        {
            await client.WriteAsync("N"u8.ToArray(), _closing.Token);
            start = await StartupPacket.ReadAsync(client, _closing.Token);
        }
        if (start.Parameters.Keys.FirstOrDefault(name => !KnownParameters.Concat(_ignored).Contains(name))
            is { } unknown)
        {
            await WriteAsync(client, PoolerMessage.Refusal("08P01", $"unsupported startup parameter: {unknown}"));
            return false;
        }
        await WriteAsync(client, PoolerMessage.Make('R', [0, 0, 0, 0]));
        foreach (PoolerMessage parameter in _serverParameters) await WriteAsync(client, parameter);
        await WriteAsync(client, PoolerMessage.Make(
            'K', [.. BitConverter.GetBytes(IPAddress.HostToNetworkOrder(MadeUpPid)), 1, 2, 3, 4]));
        await WriteAsync(client, PoolerMessage.Make('Z', (byte)'I'));
        return true;
    }

    /// <summary>Passes on what both say in turn until the server is in no transaction any more.</summary>
    private async Task RunTransactionAsync(Stream client, Stream server, PoolerMessage first)
    {
        PoolerMessage? request = first;
        while (request is { } sent)
        {
            await WriteAsync(server, sent);
            if (sent.Type is 'Q' or 'S' && await AnswerAsync(client, server) == 'I') return;
            request = await PoolerMessage.ReadAsync(client, _closing.Token);
        }
    }

    /// <summary>Returns the state that the server is in afterwards: I, T or E.</summary>
    private async Task<char> AnswerAsync(Stream client, Stream server)
    {
        while (await PoolerMessage.ReadAsync(server, _closing.Token) is { } answer)
        {
            await WriteAsync(client, answer);
            if (answer.Type == 'Z') return (char)answer.Body[0];
        }
        throw new EndOfStreamException();
    }

    private async Task WriteAsync(Stream stream, PoolerMessage message) =>
        await stream.WriteAsync(message.Bytes, _closing.Token);

    private static bool IsEnd(Exception e) =>
        e is SocketException or IOException or ObjectDisposedException or OperationCanceledException
            or ChannelClosedException;
}
