using System.Net.Sockets;

namespace EtlPs.Testing.Faults;

/// <summary>One client's connection through a <see cref="FaultProxy"/>.</summary>
internal sealed class ProxiedConnection(Socket client, FaultProxy proxy) : IDisposable
{
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private volatile bool _swallows;

    /// <summary>
    /// Passes on what both sides send until one of them closes; a half-open one stays until the proxy ends.
    /// </summary>
    public async Task RunAsync(string host, int port, CancellationToken closing)
    {
        client.NoDelay = true;
        try
        {
            await _server.ConnectAsync(host, port, closing);
            await Task.WhenAny(PumpAsync(client, _server, closing), PumpAsync(_server, client, closing));
            if (_swallows)
                await Task.Delay(Timeout.Infinite, closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The server refuses, or all ends.
        }
        Dispose();
    }

    public void Swallow() => _swallows = true;

    /// <summary>Cuts it: both ends see a reset.</summary>
    public void Dispose()
    {
        foreach (Socket socket in (Socket[])[client, _server])
        {
            try
            {
                // Closed with a reset instead of a clean end.
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (IsEnd(e))
            {
                // Closed already.
            }
            socket.Dispose();
        }
    }

    private async Task PumpAsync(Socket from, Socket to, CancellationToken closing)
    {
        var buffer = new byte[16384];
        try
        {
            while (true)
            {
                int read = await from.ReceiveAsync(buffer, closing);
                if (read == 0) return;
                if (_swallows) continue;
                if (proxy.Delay > TimeSpan.Zero) await Task.Delay(proxy.Delay, closing);
                if (proxy.BytesPerSecond > 0)
                    await Task.Delay(TimeSpan.FromSeconds((double)read / proxy.BytesPerSecond), closing);
                for (int sent = 0; sent < read && !_swallows;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), closing);
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // One of the ends is gone.
        }
    }

    private static bool IsEnd(Exception e) =>
        e is SocketException or ObjectDisposedException or OperationCanceledException;
}
