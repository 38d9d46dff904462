using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace EtlPs.Testing.PowerShellHost;

/// <summary>
/// Opens a runspace of the bare engine. CreateDefault() wants the modules that come with PowerShell, which the engine's
/// package lacks; CreateDefault2() has the core cmdlets only.
/// </summary>
public static class EngineSession
{
    /// <summary>Opens it, for a host.</summary>
    public static Runspace Open(PSHost host)
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        Runspace runspace = RunspaceFactory.CreateRunspace(host, state);
        runspace.Open();
        return runspace;
    }
}
