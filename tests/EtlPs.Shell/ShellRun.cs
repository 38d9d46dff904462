using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Shell;

/// <summary>Runs one script or text in an engine of its own.</summary>
internal sealed class ShellRun(IHostTerminal terminal)
{
    /// <summary>Returns the exit code: what <c>exit</c> said, 1 after a terminating error, else 0.</summary>
    public async Task<int> RunAsync(ShellArguments arguments)
    {
        var host = new ScriptHost(terminal);
        using Runspace runspace = EngineSession.Open(host);
        using var shell = PowerShell.Create(runspace);
        if (!Prepare(shell, arguments))
            return ExitCodes.Failure;

        int? signal = null;
        using PosixSignalRegistration interrupt = OnSignal(PosixSignal.SIGINT, ExitCodes.Interrupted);
        using PosixSignalRegistration terminate = OnSignal(PosixSignal.SIGTERM, ExitCodes.Terminated);
        try
        {
            await shell.InvokeAsync();
        }
        catch (PipelineStoppedException)
        {
            return signal ?? ExitCodes.Interrupted;
        }
        catch (RuntimeException e)
        {
            terminal.WriteLine(HostStream.Error, Describe(e.ErrorRecord));
            return ExitCodes.Failure;
        }

        return host.ExitCode ?? (arguments.File is null ? ExitCodes.Success : LastExitCode(runspace));

        // The first signal stops the script, whose finally blocks run; a second one ends the process at once.
        PosixSignalRegistration OnSignal(PosixSignal which, int exitCode) =>
            PosixSignalRegistration.Create(which, context =>
            {
                context.Cancel = signal is null;
                signal ??= exitCode;
                shell.BeginStop(null, null);
            });
    }

    private bool Prepare(PowerShell shell, ShellArguments arguments)
    {
        if (arguments.File is { } file)
        {
            string path = Path.GetFullPath(file);
            if (!File.Exists(path))
            {
                terminal.WriteLine(HostStream.Error, $"There is no script {path}.");
                return false;
            }

            shell.AddCommand(path);
            foreach (CommandParameter parameter in ScriptArguments.Bind(path, arguments.Rest))
                shell.Commands.Commands[0].Parameters.Add(parameter);
        }
        else
        {
            shell.AddScript(arguments.Command);
        }

        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddCommand("Out-Default");
        return true;
    }

    private static string Describe(ErrorRecord error)
    {
        string position = error.InvocationInfo?.PositionMessage is { Length: > 0 } text
            ? Environment.NewLine + text
            : "";
        string remedy = error.ErrorDetails?.RecommendedAction is { Length: > 0 } action
            && !error.ToString().Contains(action, StringComparison.Ordinal)
            ? Environment.NewLine + action
            : "";
        return $"{error}{remedy}{position}{Environment.NewLine}    + {error.FullyQualifiedErrorId}";
    }

    private static int LastExitCode(Runspace runspace) =>
        runspace.SessionStateProxy.GetVariable("LASTEXITCODE") is int code ? code : ExitCodes.Success;
}
