using System.Data.Common;
using System.Management.Automation;
using EtlPs.Engine.Sources;
using EtlPs.Errors;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Describes a Postgres database to copy from. Nothing is connected to.</summary>
[Cmdlet(VerbsCommon.New, "EtlSource")]
[OutputType(typeof(EtlSource))]
public sealed class NewEtlSourceCommand : EtlCommand
{
    /// <summary>Host name, address or socket folder.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Host", "ComputerName", "Server")]
    [ValidateNotNullOrEmpty]
    public string HostName { get; set; } = "";

    /// <summary>Database name.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Database { get; set; } = "";

    /// <summary>TCP port.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    public int Port { get; set; } = 5432;

    /// <summary>Role and password.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Role, where the password comes from a password file or no password is needed.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? UserName { get; set; }

    /// <summary>How TLS is used.</summary>
    [Parameter]
    [ValidateSet("Disable", "Allow", "Prefer", "Require", "VerifyCA", "VerifyFull")]
    public string? SslMode { get; set; }

    /// <summary>File with the certificate authority that the server's certificate must come from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? RootCertificate { get; set; }

    /// <summary>File with the client's certificate.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ClientCertificate { get; set; }

    /// <summary>File with the client's key.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ClientKey { get; set; }

    /// <summary>Seconds to wait for a connection.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int? ConnectTimeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var rootCertificate = Absolute(RootCertificate);
        var clientCertificate = Absolute(ClientCertificate);
        var clientKey = Absolute(ClientKey);
        WriteObject(Guard(
            () =>
            {
                if (Credential is not null && UserName is not null && Credential.UserName != UserName)
                    throw EtlErrors.InvalidArgument(
                        "-Credential and -UserName name different roles.", "Give one of them.");
                var builder = new DbConnectionStringBuilder { ["Host"] = HostName, ["Port"] = Port, ["Database"] = Database };
                Add("Username", Credential?.UserName ?? UserName);
                Add("Password", Credential?.GetNetworkCredential().Password);
                Add("SSL Mode", SslMode);
                Add("Root Certificate", rootCertificate);
                Add("SSL Certificate", clientCertificate);
                Add("SSL Key", clientKey);
                Add("Timeout", ConnectTimeout);
                var settings = SourceSettings.Parse(builder.ConnectionString);
                return new EtlSource(() => settings, Credential);

                void Add(string keyword, object? value)
                {
                    if (value is not null)
                        builder[keyword] = value;
                }
            },
            HostName));
    }

    private string? Absolute(string? path) => path is null ? null : GetUnresolvedProviderPathFromPSPath(path);
}
