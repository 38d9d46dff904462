using System.Globalization;
using System.Management.Automation.Host;

namespace EtlPs.Testing.PowerShellHost;

/// <summary>
/// A PowerShell host without a prompt: it runs what it is given and keeps the exit code that it is told.
/// </summary>
public sealed class ScriptHost(IHostTerminal terminal) : PSHost
{
    /// <summary>What <c>exit</c> said; null where it was not called.</summary>
    public int? ExitCode { get; private set; }

    /// <inheritdoc/>
    public override string Name => "EtlPs.Shell";

    /// <inheritdoc/>
    public override Version Version { get; } = typeof(ScriptHost).Assembly.GetName().Version ?? new Version(0, 0);

    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <inheritdoc/>
    public override PSHostUserInterface UI { get; } = new ScriptHostUserInterface(terminal);

    /// <inheritdoc/>
    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    /// <inheritdoc/>
    public override void EnterNestedPrompt() => throw NoPrompt();

    /// <inheritdoc/>
    public override void ExitNestedPrompt() => throw NoPrompt();

    /// <inheritdoc/>
    public override void NotifyBeginApplication()
    {
    }

    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
    }

    private static HostException NoPrompt() => new("This host has no prompt.");
}
