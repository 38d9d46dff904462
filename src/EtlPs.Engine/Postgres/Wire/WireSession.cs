using System.Buffers.Binary;
using System.Globalization;
using Npgsql;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>A session in the simple query protocol. Every call blocks; one thread at a time.</summary>
internal sealed class WireSession : IDisposable
{
    private const int ManyBytes = 64 * 1024;

    private readonly WireSettings _settings;
    private readonly WireTransport _transport;
    private readonly WireInput _input;
    private readonly ManualResetEventSlim _ready = new(false, spinCount: 0);
    private BackendKey? _key;
    private int _majorVersion;

    private WireSession(WireSettings settings, WireTransport transport)
    {
        _settings = settings;
        _transport = transport;
        _input = new WireInput(transport.Stream);
    }

    /// <summary>What the server sends, while a COPY runs.</summary>
    public WireInput Input => _input;

    /// <summary>
    /// Receives what is there, waiting for it if need be. Returns whether that was so little that a wait would gather
    /// more: under TLS a read gives no more than a record or two, however much has come.
    /// </summary>
    public bool ReceiveAll() => _input.Receive() < ManyBytes && _transport.Available < ManyBytes;

    /// <summary>Whether the server waits for a statement.</summary>
    public bool IsReady => _ready.IsSet;

    /// <summary>Starts a session over a connection that has just been made, and owns it.</summary>
    public static WireSession Start(WireSettings settings, WireTransport transport)
    {
        var session = new WireSession(settings, transport);
        session.Authenticate();
        session.AwaitReady();
        // Older servers refuse a session that names it at its start.
        if (session._majorVersion >= 17)
            session.Execute("SET transaction_timeout = 0");
        return session;
    }

    /// <summary>Runs statements and drops their rows.</summary>
    public void Execute(string sql)
    {
        Send(sql);
        AwaitReady();
    }

    /// <summary>The rows of a query, as text.</summary>
    public List<string?[]> Read(string sql)
    {
        var rows = new List<string?[]>();
        Send(sql);
        while (true)
        {
            var message = NextOrThrow();
            if (message.Type == BackendMessageType.DataRow)
                rows.Add(DataRow.Read(message.Body));
            else if (message.Type == BackendMessageType.ReadyForQuery)
                break;
        }

        _ready.Set();
        return rows;
    }

    /// <summary>Starts a COPY TO STDOUT; its data are to be taken from <see cref="Input"/>.</summary>
    public void StartCopy(string statement)
    {
        Send(statement);
        var type = NextOrThrow().Type;
        if (type == BackendMessageType.CopyOutResponse)
            return;
        throw WireViolation.Error($"a COPY begins with a message of type {type}");
    }

    /// <summary>Reads the end of a COPY whose data are over, or throws what ended it.</summary>
    public void FinishCopy()
    {
        var type = NextOrThrow().Type;
        if (type != BackendMessageType.CopyDone)
            throw WireViolation.Error($"a COPY ends with a message of type {type}");
        AwaitReady();
    }

    /// <summary>Starts a replication stream; its messages are to be taken from <see cref="Input"/>.</summary>
    public void StartReplication(string statement)
    {
        Send(statement);
        var type = NextOrThrow().Type;
        if (type != BackendMessageType.CopyBothResponse)
            throw WireViolation.Error($"a replication stream begins with a message of type {type}");
    }

    /// <summary>Sends a message beside a replication stream. From any thread, one at a time.</summary>
    public void Send(byte[] message) => _transport.Send(message);

    /// <summary>Waits until the server is ready; for at most so long.</summary>
    public bool WaitReady(TimeSpan time) => _ready.Wait(time);

    /// <summary>Asks the server, over a second connection, to end what this session runs.</summary>
    public void RequestCancel(CancellationToken cancellationToken)
    {
        if (_key is not { } key)
            return;
        using var transport = WireTransport.Connect(_settings, _transport.Address, cancellationToken);
        using var aborting = cancellationToken.Register(static state => ((WireTransport)state!).Abort(), transport);
        if (_transport.Tls is not null)
            WireTls.Negotiate(transport, _settings, _settings.SslMode == SslMode.Allow ? SslMode.Require
                : _settings.SslMode);
        transport.Send(FrontendMessage.CancelRequest(key));
        // The server closes once the signal is sent.
        transport.Stream.ReadByte();
    }

    /// <summary>Makes a call that waits, and every later one, fail. From any thread.</summary>
    public void Abort() => _transport.Abort();

    public void Dispose()
    {
        try
        {
            if (IsReady)
                _transport.Send(FrontendMessage.Terminate());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The connection is gone already.
        }

        _ready.Set();
        _transport.Dispose();
    }

    private void Send(string sql)
    {
        _ready.Reset();
        _transport.Send(FrontendMessage.Query(sql));
    }

    private void Authenticate()
    {
        var parameters = new List<(string, string)>
        {
            ("user", _settings.User), ("database", _settings.Database), ("client_encoding", _settings.ClientEncoding),
        };
        if (_settings.IsReplication)
            parameters.Add(("replication", "database"));
        if (!string.IsNullOrEmpty(_settings.ApplicationName))
            parameters.Add(("application_name", _settings.ApplicationName));
        if (!string.IsNullOrEmpty(_settings.Options))
            parameters.Add(("options", _settings.Options));
        _transport.Send(FrontendMessage.Startup(parameters));
        var authentication = new WireAuthentication(_settings, _transport);
        while (true)
        {
            var message = NextOrThrow();
            if (message.Type != BackendMessageType.Authentication)
                throw WireViolation.Error($"authentication is answered by a message of type {message.Type}");
            if (authentication.Answer(message.Body))
                return;
        }
    }

    /// <summary>Reads what is left of a replication stream that both sides end.</summary>
    public void FinishReplication() => AwaitReady();

    private void AwaitReady()
    {
        while (NextOrThrow().Type != BackendMessageType.ReadyForQuery)
        {
        }

        _ready.Set();
    }

    /// <summary>The next message that says something here; an error is thrown once the server is ready again.</summary>
    private BackendMessage NextOrThrow()
    {
        var message = Next();
        if (message.Type != BackendMessageType.ErrorResponse)
            return message;
        var error = ServerReport.Read(message.Body);
        SkipToReady();
        throw error;
    }

    private void SkipToReady()
    {
        try
        {
            while (Next().Type != BackendMessageType.ReadyForQuery)
            {
            }

            _ready.Set();
        }
        catch (IOException)
        {
            // After a fatal error the server closes: the error is what counts.
        }
    }

    private BackendMessage Next()
    {
        while (true)
        {
            var message = _input.ReadMessage();
            switch (message.Type)
            {
                case BackendMessageType.NoticeResponse or BackendMessageType.NotificationResponse:
                    continue;
                case BackendMessageType.ParameterStatus:
                    NoteParameter(message.Body);
                    continue;
                case BackendMessageType.BackendKeyData when message.Body.Length == 8:
                    _key = new BackendKey(
                        BinaryPrimitives.ReadInt32BigEndian(message.Body),
                        BinaryPrimitives.ReadInt32BigEndian(message.Body[4..]));
                    continue;
                case BackendMessageType.Authentication or BackendMessageType.CommandComplete
                    or BackendMessageType.CopyBothResponse
                    or BackendMessageType.CopyData or BackendMessageType.CopyDone or BackendMessageType.CopyOutResponse
                    or BackendMessageType.DataRow or BackendMessageType.EmptyQueryResponse
                        or BackendMessageType.ErrorResponse
                    or BackendMessageType.ReadyForQuery or BackendMessageType.RowDescription:
                    return message;
                default:
                    throw WireViolation.Error($"a message of type {message.Type} has no place here");
            }
        }
    }

    private void NoteParameter(ReadOnlySpan<byte> body)
    {
        var name = WireText.Read(body, out var length);
        if (name != "server_version")
            return;
        var value = WireText.Read(body[length..], out _);
        var digits = value.TakeWhile(char.IsAsciiDigit).Count();
        _ = int.TryParse(value.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out _majorVersion);
    }
}
