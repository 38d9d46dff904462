using EtlPs.Definitions;
using EtlPs.Engine.Sources;

namespace EtlPs.Model;

/// <summary>
/// A Postgres database to copy from. No property and no text of it holds the password, not as a credential either:
/// apart from Windows, PowerShell writes one out readably with the object that has it.
/// </summary>
public sealed class EtlSource
{
    private readonly Lazy<SourceSettings> _settings;

    internal EtlSource(Func<SourceSettings> settings) => _settings = new Lazy<SourceSettings>(settings);

    /// <summary>Host name, address or socket folder.</summary>
    public string Host => Settings.Host;

    /// <summary>TCP port.</summary>
    public int Port => Settings.Port;

    /// <summary>Database name.</summary>
    public string Database => Settings.Database;

    /// <summary>Role name.</summary>
    public string? UserName => Settings.UserName;

    /// <summary>Where an imported definition keeps the password.</summary>
    internal SecretReference? Secret { get; init; }

    /// <summary>Read on first use, so that a text that makes no sense becomes a typed error of the cmdlet.</summary>
    internal SourceSettings Settings => _settings.Value;

    /// <summary>Where and as whom, without secrets.</summary>
    public override string ToString() => Settings.ToString();
}
