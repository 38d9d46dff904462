using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>A session for a COPY over the transport of our own.</summary>
internal sealed class WireCopySession(WireSession session, PostgresConnector connector) : ICopySession
{
    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        RunAsync(() => { session.Execute(sql); return true; }, cancellationToken);

    public Task<List<string?[]>> ReadAsync(string sql, CancellationToken cancellationToken) =>
        RunAsync(() => session.Read(sql), cancellationToken);

    public Task<ICopyReader> CopyAsync(string statement, CancellationToken cancellationToken) =>
        RunAsync<ICopyReader>(
            () =>
            {
                session.StartCopy(statement);
                return new WireCopyReader(session, connector.Translate);
            },
            cancellationToken);

    public ValueTask DisposeAsync()
    {
        session.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<T> RunAsync<T>(Func<T> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var cancellation = new WireCancellation(session);
        try
        {
            var registration = cancellationToken.Register(
                static state => ((WireCancellation)state!).Request(), cancellation);
            await using (registration.ConfigureAwait(false))
                return await BlockingCall.RunAsync(call).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw connector.Translate(e);
        }
        finally
        {
            // Or what is on its way would hit the session's next statement.
            cancellation.Join();
        }
    }
}
