using Npgsql;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>Opens sessions: every address in turn, with and without TLS as the mode allows.</summary>
internal static class WireConnector
{
    /// <exception cref="WireUnsupportedException">Npgsql has to open it.</exception>
    /// <exception cref="TimeoutException">It took longer than the settings allow.</exception>
    public static async Task<WireSession> OpenAsync(WireSettings settings, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.Timeout);
        try
        {
            var addresses = await WireAddress.FindAsync(settings, limit.Token).ConfigureAwait(false);
            return await BlockingCall.RunAsync(() => Open(settings, addresses, limit.Token)).ConfigureAwait(false);
        }
        catch (Exception e) when (limit.IsCancellationRequested || e is OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException("The server did not answer in time.");
        }
    }

    private static WireSession Open(WireSettings settings, IReadOnlyList<WireAddress> addresses, CancellationToken stop)
    {
        var (address, transport) = Connect(settings, addresses, stop);
        try
        {
            return Start(settings, transport, settings.SslMode, stop);
        }
        // As libpq and Npgsql do: whatever went wrong one way is tried the other way, where the mode allows both.
        catch (Exception e) when (
            !stop.IsCancellationRequested && e is not WireUnsupportedException
            && (settings.SslMode == SslMode.Allow || (settings.SslMode == SslMode.Prefer && transport.Tls is not null)))
        {
            return Start(
                settings, WireTransport.Connect(settings, address, stop),
                settings.SslMode == SslMode.Allow ? SslMode.Require : SslMode.Disable, stop);
        }
    }

    private static (WireAddress Address, WireTransport Transport) Connect(
        WireSettings settings, IReadOnlyList<WireAddress> addresses, CancellationToken stop)
    {
        for (var i = 0; ; i++)
        {
            // An address that swallows what it is sent must leave time for the others.
            using var share = CancellationTokenSource.CreateLinkedTokenSource(stop);
            if (settings.Timeout != Timeout.InfiniteTimeSpan)
                share.CancelAfter(settings.Timeout / addresses.Count);
            try
            {
                return (addresses[i], WireTransport.Connect(settings, addresses[i], share.Token));
            }
            catch (Exception) when (i < addresses.Count - 1 && !stop.IsCancellationRequested)
            {
                // The next one may answer.
            }
        }
    }

    private static WireSession Start(
        WireSettings settings, WireTransport transport, SslMode mode, CancellationToken stop)
    {
        using var aborting = stop.Register(static state => ((WireTransport)state!).Abort(), transport);
        try
        {
            WireTls.Negotiate(transport, settings, mode);
            return WireSession.Start(settings, transport);
        }
        catch
        {
            transport.Dispose();
            throw;
        }
    }
}
