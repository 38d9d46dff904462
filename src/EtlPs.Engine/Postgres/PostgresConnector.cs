using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Wire;
using EtlPs.Engine.Sources;
using Npgsql;
using Npgsql.Replication;

namespace EtlPs.Engine.Postgres;

/// <summary>Opens sessions whose settings make values and time-outs the same on copy and stream.</summary>
internal sealed class PostgresConnector(SourceSettings settings)
{
    // Given at start-up, where they outrank what ALTER ROLE and ALTER DATABASE have set, and where a walsender takes
    // them too. They shape the text of values that have no binary form, and end no session that is busy elsewhere.
    private const string ValueSettings =
        "-c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c bytea_output=hex -c extra_float_digits=3 "
        + "-c lc_monetary=C -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=0 "
        + "-c quote_all_identifiers=off "
        // Of a publication that is gone Postgres 18 only warns.
        + "-c client_min_messages=warning "
        + "-c default_transaction_isolation=read\\ committed -c default_transaction_deferrable=off";

    private const string AnyBytes = "SQL_ASCII";

    private const string IdleSession = " -c idle_session_timeout=0";

    // Names that we do not qualify must not reach tables or functions of users, and a policy must not hide rows from
    // us: what it would hide fails.
    private const string OfOurOwn = " -c search_path=pg_catalog -c row_security=off";

    private const string OfTheUser = "";

    private const string TransactionTimeout = " -c transaction_timeout=0";

    // transaction_timeout came with 17; older servers refuse a session that names it.
    private bool _hasTransactionTimeout;
    private bool _needsNpgsql;

    // A database in SQL_ASCII holds bytes of any encoding, which the server would refuse to send as UTF-8 without
    // saying of which row they are: they come as they are, and are checked here.
    private bool _sendsAnyBytes;

    public SourceSettings Settings { get; } = settings;

    /// <summary>After how long a silent walsender counts as gone; null: as the server's own setting suggests.</summary>
    public TimeSpan? LongestSilence { get; init; }

    /// <summary>A session of our own, with only pg_catalog on its search path.</summary>
    public Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) =>
        OpenAsync(OfOurOwn, ReadBuffer.Default, cancellationToken);

    /// <summary>
    /// Puts a new session in the place of one that may be broken; whoever holds the connection goes on with it.
    /// </summary>
    public async Task ReopenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.CloseAsync().ConfigureAwait(false);
        await StartAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A session for a user's statement, with the search path the role has.</summary>
    public Task<NpgsqlConnection> OpenForUserAsync(CancellationToken cancellationToken) =>
        OpenAsync(OfTheUser, ReadBuffer.Default, cancellationToken);

    /// <summary>
    /// A session for a COPY: over a transport of our own where that speaks what the settings ask for.
    /// </summary>
    public async Task<ICopySession> OpenForCopyAsync(CancellationToken cancellationToken)
    {
        if (await TryOpenWireAsync(ReadBuffer.Copy, isReplication: false, cancellationToken)
            .ConfigureAwait(false) is { } session)
            return new WireCopySession(session, this);
        return new NpgsqlCopySession(
            this, await OpenAsync(OfOurOwn, ReadBuffer.Copy, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A walsender session over a transport of our own; null: Npgsql has to open it.</summary>
    public Task<WireSession?> TryOpenWireReplicationAsync(CancellationToken cancellationToken) =>
        TryOpenWireAsync(ReadBuffer.Stream, isReplication: true, cancellationToken);

    /// <summary>A walsender session.</summary>
    public async Task<LogicalReplicationConnection> OpenReplicationAsync(CancellationToken cancellationToken)
    {
        var connection = await OpenWalSenderAsync(cancellationToken).ConfigureAwait(false);
        if (_hasTransactionTimeout || connection.PostgreSqlVersion.Major < 17)
            return connection;
        // A walsender takes no SET from Npgsql: once more, now that the version is known.
        await connection.DisposeAsync().ConfigureAwait(false);
        _hasTransactionTimeout = true;
        return await OpenWalSenderAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Npgsql's and the network's errors as typed ones, with a remedy and without secrets.</summary>
    public EtlException Translate(Exception exception) => PostgresErrors.Translate(exception, Settings);

    private async Task<WireSession?> TryOpenWireAsync(
        ReadBuffer buffer, bool isReplication, CancellationToken cancellationToken)
    {
        if (_needsNpgsql)
            return null;
        try
        {
            var wire = WireSettings.TryRead(Build(OfOurOwn, buffer));
            if (wire is not null)
                return await WireConnector.OpenAsync(
                    wire with { IsReplication = isReplication, ClientEncoding = ClientEncoding(buffer)
                        ?? wire.ClientEncoding }, cancellationToken).ConfigureAwait(false);
        }
        catch (WireUnsupportedException)
        {
            // Known only once the server has said how it authenticates.
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw PostgresErrors.TranslateConnect(e, Settings);
        }

        _needsNpgsql = true;
        return null;
    }

    private async Task<NpgsqlConnection> OpenAsync(
        string options, ReadBuffer buffer, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(BuildConnectionString(options, buffer));
        try
        {
            await StartAsync(connection, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task StartAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            _sendsAnyBytes = connection.PostgresParameters.GetValueOrDefault("server_encoding") == AnyBytes;
            if (connection.PostgreSqlVersion.Major < 17) return;
            _hasTransactionTimeout = true;
            await connection.ExecuteAsync("SET transaction_timeout = 0", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw PostgresErrors.TranslateConnect(e, Settings);
        }
    }

    private async Task<LogicalReplicationConnection> OpenWalSenderAsync(CancellationToken cancellationToken)
    {
        var options = OfOurOwn + (_hasTransactionTimeout ? TransactionTimeout : "");
        var connection = new LogicalReplicationConnection(BuildConnectionString(options, ReadBuffer.Stream));
        try
        {
            await connection.Open(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            throw PostgresErrors.TranslateConnect(e, Settings);
        }
    }

    private string BuildConnectionString(string options, ReadBuffer buffer)
    {
        var builder = Build(options, buffer);
        if (ClientEncoding(buffer) is { } encoding)
            builder.ClientEncoding = encoding;
        return builder.ConnectionString;
    }

    private string? ClientEncoding(ReadBuffer buffer) =>
        _sendsAnyBytes && buffer != ReadBuffer.Default ? AnyBytes : null;

    private NpgsqlConnectionStringBuilder Build(string options, ReadBuffer buffer)
    {
        var builder = new NpgsqlConnectionStringBuilder(Settings.ConnectionString)
        {
            Pooling = false,
            Enlist = false,
            Multiplexing = false,
            // Slot creation waits for other people's transactions; every wait here ends by its token.
            CommandTimeout = 0,
            KeepAlive = 0,
            TcpKeepAlive = true,
            ReadBufferSize = (int)buffer,
            // Npgsql sends these, and the search path, apart from the options, and the server takes them last.
            ClientEncoding = "UTF8",
            Encoding = "UTF8",
            Timezone = "UTC",
        };
        if (options != OfTheUser)
            builder.SearchPath = null;
        if (builder.TcpKeepAliveTime == 0)
            builder.TcpKeepAliveTime = 30;
        // Asking for GSS encryption loads a system library that many machines lack; TLS is what sources use.
        // Not ContainsKey: that says whether Npgsql knows the keyword.
        if (builder.Keys.All(key => key != "GSS Encryption Mode")
            && Environment.GetEnvironmentVariable("PGGSSENCMODE") is null)
            builder.GssEncryptionMode = GssEncryptionMode.Disable;
        // Ours come last, so that they win over the user's.
        builder.Options = $"{builder.Options} {ValueSettings}{IdleSession}{options}".Trim();
        return builder;
    }

    private enum ReadBuffer
    {
        Default = 8192,
        Stream = 1 << 18,
        Copy = 1 << 17,
    }
}
