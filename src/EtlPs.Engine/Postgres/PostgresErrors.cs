using System.Net.Sockets;
using System.Security.Authentication;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Postgres;

/// <summary>
/// Turns what Npgsql and the network throw into typed errors. Told apart by SQLSTATE and by the routine that raised
/// them, because a server's messages come in its own language; texts are looked at only where nothing else tells.
/// </summary>
internal static class PostgresErrors
{
    /// <summary>An error met while a session was being opened.</summary>
    public static EtlException TranslateConnect(Exception exception, SourceSettings source)
    {
        // The newest of the settings that we start with; its name is the same in every language.
        if (exception is PostgresException old
            && old.MessageText.Contains("idle_session_timeout", StringComparison.Ordinal))
            return new EtlException(
                EtlErrorCode.ServerTooOld,
                $"The server at {source.Host}:{source.Port} is older than Postgres 14.",
                "Upgrade the server, or name a newer one.", exception);
        if (exception is EtlException or PostgresException)
            return Translate(exception, source);
        if (Find<AuthenticationException>(exception) is not null)
            return new EtlException(
                EtlErrorCode.SourceUnreachable,
                $"No secure connection to {source}: the server's certificate or its TLS settings were not accepted.",
                "Check the SSL mode and the root certificate against the server's.", exception);
        if (exception is NpgsqlException && exception.Message.Contains("password", StringComparison.OrdinalIgnoreCase))
            return new EtlException(
                EtlErrorCode.AuthenticationFailed,
                $"The server asks for a password and none was given ({source}).",
                "Give the password as a credential, or put it into the pgpass file.", exception);
        if (Find<FileNotFoundException>(exception) is not null
            || Find<DirectoryNotFoundException>(exception) is not null
            || Find<UnauthorizedAccessException>(exception) is not null)
            return new EtlException(
                EtlErrorCode.InvalidArgument,
                "A file that the connection names (pgpass, certificate or key) is not there or cannot be read.",
                "Check the path and who may read it.", exception);
        var reason = Find<SocketException>(exception) is { } socket
            ? $" ({socket.SocketErrorCode})"
            : Find<TimeoutException>(exception) is null ? "" : " (no answer in time)";
        return new EtlException(
            EtlErrorCode.SourceUnreachable,
            $"No Postgres server answers at {source.Host}:{source.Port}{reason}.",
            "Check host and port, that the server runs and listens there, and that no firewall stands between.",
            exception);
    }

    /// <summary>An error met in a session.</summary>
    public static EtlException Translate(Exception exception, SourceSettings source) => exception switch
    {
        EtlException typed => typed,
        PostgresException postgres => ServerErrors.Translate(postgres, source),
        _ when Find<PostgresException>(exception) is { } inner => ServerErrors.Translate(inner, source),
        _ when Find<TimeoutException>(exception) is not null || Find<IOException>(exception) is not null
            || Find<SocketException>(exception) is not null => ConnectionLost(source, exception),
        // Npgsql says "connection is not open" of a session that broke under another command.
        NpgsqlException or InvalidOperationException or ObjectDisposedException => ConnectionLost(source, exception),
        _ => new EtlException(
            EtlErrorCode.Unexpected,
            $"Reading from {source} failed: {exception.GetType().Name}.",
            "Start again; if it comes back, report it with the inner error.", exception),
    };

    public static EtlException ConnectionLost(SourceSettings source, Exception? inner) => new(
        EtlErrorCode.ConnectionLost,
        $"The connection to {source} broke.",
        "Start again: it goes on from what is stored. Look into the server's log if it keeps breaking.", inner);

    private static T? Find<T>(Exception exception)
        where T : Exception
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
            if (e is T found)
                return found;
        return null;
    }
}
