using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>Agrees on TLS, and checks the server's certificate as Npgsql does for the same SslMode.</summary>
internal static class WireTls
{
    /// <summary>Asks for TLS where the mode says so.</summary>
    public static void Negotiate(WireTransport transport, WireSettings settings, SslMode mode)
    {
        if (mode is SslMode.Disable or SslMode.Allow)
            return;
        transport.Send(FrontendMessage.SslRequest());
        // One byte and no more: what came behind it in the clear might be another's, who wants it read as the server's.
        switch (transport.Stream.ReadByte())
        {
            case 'S':
                transport.StartTls(Options(settings, mode));
                return;
            case 'N' when mode == SslMode.Prefer:
                return;
            case 'N':
                throw new AuthenticationException("The server does not speak TLS.");
            case -1:
                throw new EndOfStreamException("The server has closed the connection.");
            default:
                // Not to be shown, even where it is an error's text: nobody knows yet who sent it.
                throw WireViolation.Error("it answers neither yes nor no to TLS");
        }
    }

    private static SslClientAuthenticationOptions Options(WireSettings settings, SslMode mode) => new()
    {
        TargetHost = settings.Host,
        ApplicationProtocols = [new SslApplicationProtocol("postgresql")],
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => mode switch
        {
            SslMode.Prefer or SslMode.Require => true,
            _ when certificate is null || chain is null => false,
            SslMode.VerifyFull when errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) => false,
            _ when settings.RootCertificate is { } root => ComesFrom(root, certificate, chain),
            _ => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
        },
    };

    /// <summary>With a root of its own the machine's trust store does not count.</summary>
    private static bool ComesFrom(string rootCertificate, X509Certificate certificate, X509Chain chain)
    {
        var roots = new X509Certificate2Collection();
        if (!Path.GetExtension(rootCertificate).Equals(".pfx", StringComparison.OrdinalIgnoreCase))
            roots.ImportFromPemFile(rootCertificate);
        if (roots.Count == 0)
            roots.Import(rootCertificate);
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.ExtraStore.AddRange(roots);
        return chain.Build(certificate as X509Certificate2 ?? new X509Certificate2(certificate));
    }
}
