using System.Net;
using System.Net.Sockets;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>One address of a server.</summary>
internal sealed record WireAddress(EndPoint EndPoint)
{
    public bool IsUnix => EndPoint is UnixDomainSocketEndPoint;

    /// <summary>All addresses of a connection's host, in the order in which they are to be tried.</summary>
    public static async Task<IReadOnlyList<WireAddress>> FindAsync(
        WireSettings settings, CancellationToken cancellationToken)
    {
        if (settings.UnixSocket is { } path)
            return [new WireAddress(new UnixDomainSocketEndPoint(path))];
        var found = await Dns.GetHostAddressesAsync(settings.Host, cancellationToken).ConfigureAwait(false);
        return found.Length > 0
            ? [.. found.Select(address => new WireAddress(new IPEndPoint(address, settings.Port)))]
            : throw new SocketException((int)SocketError.HostNotFound);
    }

    public Socket CreateSocket() =>
        new(EndPoint.AddressFamily, SocketType.Stream, IsUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
}
