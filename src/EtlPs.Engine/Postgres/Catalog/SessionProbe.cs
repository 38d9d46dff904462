using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>
/// Whether what answers in a server's place gives each session a process of the server to itself, with the settings
/// that it was begun with. Found out by what it does: a proxy that only stands before each session, and makes up the
/// process that it tells a client to cancel by, breaks nothing.
/// </summary>
/// <param name="connection">The session.</param>
/// <param name="source">The source.</param>
internal sealed class SessionProbe(NpgsqlConnection connection, SourceSettings source)
{
    // Pools that are small make a session wait for another one's end.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>What is wrong with sessions; null: nothing.</summary>
    /// <param name="pid">The session's process, in the server's own word.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<EtlException?> FindProblemAsync(int pid, CancellationToken cancellationToken)
    {
        // A server tells its own processes, and whatever passes that on passes on all.
        if (pid == connection.ProcessID) return null;
        var evidence = await FindChangeAsync(pid, cancellationToken).ConfigureAwait(false)
            ?? await FindSettingAsync(cancellationToken).ConfigureAwait(false)
            ?? await FindSharingAsync(pid, cancellationToken).ConfigureAwait(false);
        return evidence is null ? null : ServerErrors.PoolerInBetween(source, evidence, null);
    }

    /// <summary>A pool that takes turns.</summary>
    private async Task<string?> FindChangeAsync(int pid, CancellationToken cancellationToken) =>
        await ReadPidAsync(connection, cancellationToken).ConfigureAwait(false) == pid
            ? null
            : "one session runs now in one process of the server and now in another";

    /// <summary>Without them values would have other texts, and row security would hide rows.</summary>
    private async Task<string?> FindSettingAsync(CancellationToken cancellationToken)
    {
        var isBegunAsAsked = await connection.ReadAsync(
            "SELECT pg_catalog.current_setting('extra_float_digits') = '3' AND "
            + "pg_catalog.current_setting('row_security') = 'off'",
            r => r.GetBoolean(0), cancellationToken).ConfigureAwait(false);
        return isBegunAsAsked[0] ? null : "it keeps back the settings that a session begins with (options)";
    }

    /// <summary>A pool that gives whoever asks the process that was used last.</summary>
    private async Task<string?> FindSharingAsync(int pid, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(LongestWait);
        try
        {
            var other = await new PostgresConnector(source).OpenAsync(patience.Token).ConfigureAwait(false);
            await using var closing = other.ConfigureAwait(false);
            if (await ReadPidAsync(other, patience.Token).ConfigureAwait(false) == pid)
                return "two sessions that are open at once run in one process of the server";
            return await FindChangeAsync(pid, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "a second session waits for the end of the first";
        }
    }

    private static async Task<int> ReadPidAsync(NpgsqlConnection session, CancellationToken cancellationToken) =>
        (await session.ReadAsync("SELECT pg_catalog.pg_backend_pid()", r => r.GetInt32(0), cancellationToken)
            .ConfigureAwait(false))[0];
}
