using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>What a server is, and what is wrong with it for any copy at all.</summary>
/// <param name="Number">server_version_num.</param>
/// <param name="Version">server_version.</param>
/// <param name="Pid">The session's process, in the server's own word.</param>
internal sealed record ServerFacts(int Number, string Version, int Pid)
{
    private const int OldestServer = 140000;

    private const string Query = """
        SELECT pg_catalog.current_setting('server_version_num')::int4, pg_catalog.current_setting('server_version'),
               pg_catalog.pg_backend_pid()
        """;

    public static async Task<ServerFacts> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.ReadAsync(
            Query, r => new ServerFacts(r.GetInt32(0), r.GetString(1), r.GetInt32(2)), cancellationToken)
            .ConfigureAwait(false))[0];

    /// <summary>Older than 14; null: it is not.</summary>
    public EtlException? VersionProblem(SourceSettings source) => Number >= OldestServer ? null : new EtlException(
        EtlErrorCode.ServerTooOld,
        $"The server at {source.Host}:{source.Port} is Postgres {Version}; 14 is the oldest that works.",
        "Upgrade the server, or name a newer one.");
}
