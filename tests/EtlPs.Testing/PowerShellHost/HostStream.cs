namespace EtlPs.Testing.PowerShellHost;

/// <summary>The streams beside output, as a host sees them.</summary>
public enum HostStream
{
    /// <summary>Errors.</summary>
    Error,

    /// <summary>Warnings.</summary>
    Warning,

    /// <summary>Verbose text.</summary>
    Verbose,

    /// <summary>Debug text.</summary>
    Debug,

    /// <summary>Information records.</summary>
    Information,
}
