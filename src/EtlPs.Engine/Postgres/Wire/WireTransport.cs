using System.Net.Security;
using System.Net.Sockets;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>
/// A connection's bytes, over a socket that stays blocking: one asynchronous call, and .NET would make it non-blocking
/// for good and wake two threads for every piece that arrives. So waits end by closing the socket from another thread.
/// </summary>
internal sealed class WireTransport : IDisposable
{
    private readonly Socket _socket;
    private SslStream? _tls;

    private WireTransport(Socket socket, WireAddress address)
    {
        _socket = socket;
        Address = address;
        Stream = new NetworkStream(socket, ownsSocket: false);
    }

    /// <summary>Where it leads.</summary>
    public WireAddress Address { get; }

    /// <summary>What to read from and write to.</summary>
    public Stream Stream { get; private set; }

    /// <summary>How many bytes have come that were not read yet; under TLS they are encrypted.</summary>
    public int Available => _socket.Available;

    /// <summary>TLS, where it was agreed.</summary>
    public SslStream? Tls => _tls;

    /// <summary>Connects; a token that is cancelled ends the wait.</summary>
    public static WireTransport Connect(WireSettings settings, WireAddress address, CancellationToken cancellationToken)
    {
        var socket = address.CreateSocket();
        try
        {
            if (!address.IsUnix)
                SetTcpOptions(socket, settings);
            using (cancellationToken.Register(static state => ((Socket)state!).Dispose(), socket))
                socket.Connect(address.EndPoint);
            cancellationToken.ThrowIfCancellationRequested();
            return new WireTransport(socket, address);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException or ObjectDisposedException)
                cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <summary>From here on everything is encrypted.</summary>
    public void StartTls(SslClientAuthenticationOptions options)
    {
        _tls = new SslStream(Stream, leaveInnerStreamOpen: false);
        _tls.AuthenticateAsClient(options);
        Stream = _tls;
    }

    public void Send(byte[] message)
    {
        Stream.Write(message);
        Stream.Flush();
    }

    /// <summary>Makes reads and writes that wait fail, and later ones too. From any thread.</summary>
    public void Abort()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side was faster.
        }
    }

    public void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // TLS says goodbye, and the other side is gone.
        }

        _socket.Dispose();
    }

    private static void SetTcpOptions(Socket socket, WireSettings settings)
    {
        socket.NoDelay = true;
        if (!settings.KeepAlive)
            return;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        if (settings.KeepAliveTime == 0)
            return;
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, settings.KeepAliveTime);
        socket.SetSocketOption(
            SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, settings.KeepAliveInterval);
    }
}
