using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>How a SCRAM exchange is tied to the TLS session it runs in (RFC 5929, tls-server-end-point).</summary>
/// <param name="Mechanism">The SASL mechanism to ask for.</param>
/// <param name="Header">The GS2 header.</param>
/// <param name="Data">The header and what it is tied to, in base 64.</param>
internal sealed record ChannelBinding(string Mechanism, string Header, string Data)
{
    public const string Plain = "SCRAM-SHA-256";
    public const string Plus = "SCRAM-SHA-256-PLUS";

    /// <summary>The best that client and server can do; null: the server offers nothing that we know.</summary>
    public static ChannelBinding? Choose(IReadOnlyCollection<string> offered, SslStream? tls)
    {
        if (offered.Contains(Plus) && tls?.RemoteCertificate is { } raw)
        {
            using var certificate = new X509Certificate2(raw);
            if (Hash(certificate) is { } hash)
            {
                const string header = "p=tls-server-end-point,,";
                return new ChannelBinding(
                    Plus, header, Convert.ToBase64String([.. Encoding.ASCII.GetBytes(header), .. hash]));
            }
        }

        // "y" says that we could and the server does not: a server that does knows then that someone stripped its
        // offer.
        var flag = tls is not null && !offered.Contains(Plus) ? "y,," : "n,,";
        return offered.Contains(Plain)
            ? new ChannelBinding(Plain, flag, Convert.ToBase64String(Encoding.ASCII.GetBytes(flag)))
            : null;
    }

    // MD5 and SHA-1 are replaced by SHA-256. Ed25519 and PSS have no hash of their own that all would agree on.
    private static byte[]? Hash(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.10045.4.1"
            or "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => SHA256.HashData(certificate.RawData),
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(certificate.RawData),
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(certificate.RawData),
        _ => null,
    };
}
