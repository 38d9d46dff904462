using System.Management.Automation;
using EtlPs.Definitions;
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

    /// <summary>What the server's pg_stat_activity shows.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ApplicationName { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Guard(Describe, null));

    private EtlSource Describe()
    {
        var (role, password) = RoleAndPassword.Of(Credential);
        if (role is not null && UserName is not null && role != UserName)
            throw EtlErrors.InvalidArgument("-Credential and -UserName name different roles.", "Give one of them.");
        var settings = SourceSettings.Create(
            HostName,
            Port,
            Database,
            role ?? UserName,
            password,
            SslMode,
            RootCertificate is null ? null : GetUnresolvedProviderPathFromPSPath(RootCertificate),
            ApplicationName);
        return new EtlSource(() => settings);
    }
}
