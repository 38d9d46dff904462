using System.Management.Automation;

namespace EtlPs.Tests;

internal static class Errors
{
    /// <summary>The error's own id, without the cmdlet that PowerShell adds.</summary>
    public static string Id(this ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];
}
