using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;
using Npgsql;

namespace EtlPs.Engine.Tests.Wire;

/// <summary>
/// A server whose pg_hba.conf asks each role for its password in another way, with TLS and a certificate of its own.
/// </summary>
public sealed class WireServer : IAsyncLifetime
{
    public const string Secret = "pâss wörd-canary";

    private PostgresServer? _server;

    public PostgresServer Server => _server!;

    /// <summary>The certificate that signed the server's.</summary>
    public string RootCertificate { get; } = Path.GetTempFileName();

    public string SocketFolder { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServer.StartAsync(new PostgresServerOptions());
        SocketFolder = await Server.ScalarAsync<string>("postgres", "SHOW unix_socket_directories");
        await Server.ExecuteAsync("postgres", $"""
            SET password_encryption = 'scram-sha-256'; CREATE ROLE clear LOGIN PASSWORD '{Secret}';
            CREATE ROLE scram LOGIN PASSWORD '{Secret}'; CREATE ROLE secure LOGIN PASSWORD '{Secret}';
            CREATE ROLE open LOGIN;
            """);
        await Server.ExecuteAsync(
            "postgres", $"SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD '{Secret}'");
        await Server.WriteFileAsync("pg_hba.conf", $"""
            {(OperatingSystem.IsWindows() ? "" : "local all all trust")}
            host all clear all password
            host all md5 all md5
            host all scram all scram-sha-256
            hostssl all secure all scram-sha-256
            host all secure all reject
            host all all all trust
            """);
        var (certificate, key) = MakeCertificate();
        await Server.WriteFileAsync("server.crt", certificate);
        await Server.WriteFileAsync("server.key", key);
        await File.WriteAllTextAsync(RootCertificate, certificate);
        await Server.ExecuteAsync("postgres", "ALTER SYSTEM SET ssl = on");
        await Server.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        await Eventually.IsTrueAsync(async () => await Server.ScalarAsync<string>("postgres", "SHOW ssl") == "on");
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(RootCertificate);
        if (_server is not null)
            await _server.DisposeAsync();
    }

    public string ConnectionString(string role, string? password = Secret, string more = "") =>
        new NpgsqlConnectionStringBuilder(
            $"{Server.ConnectionString()};{more}") { Username = role, Password = password }
            .ConnectionString;

    private static (string Certificate, string Key) MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
