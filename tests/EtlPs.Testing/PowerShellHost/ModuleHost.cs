using System.Management.Automation;
using System.Management.Automation.Runspaces;
using EtlPs.Testing.Repository;

namespace EtlPs.Testing.PowerShellHost;

/// <summary>A PowerShell engine with the built module imported, in which tests run scripts.</summary>
public sealed class ModuleHost : IAsyncDisposable
{
    private readonly RecordingTerminal _terminal = new();

    private ModuleHost()
    {
        Runspace = EngineSession.Open(new ScriptHost(_terminal));
    }

    /// <summary>The runspace; variables set here stay from one script to the next.</summary>
    public Runspace Runspace { get; }

    /// <summary>Opens an engine and imports the module from the repository's root.</summary>
    public static ModuleHost Create()
    {
        ModuleHost host = CreateEmpty();
        host.Run("Import-Module $manifest -ErrorAction Stop", ("manifest", RepositoryRoot.ModuleManifest))
            .WithoutErrors();
        return host;
    }

    /// <summary>Opens an engine without the module.</summary>
    public static ModuleHost CreateEmpty() => new();

    /// <summary>Prepares the answer to the next question that a script asks.</summary>
    public ModuleHost Answer(string answer)
    {
        _terminal.Answers.Enqueue(answer);
        return this;
    }

    /// <summary>Runs a script to its end, with variables set beforehand.</summary>
    public ModuleResult Run(string script, params (string Name, object? Value)[] variables) =>
        RunAsync(script, CancellationToken.None, variables).GetAwaiter().GetResult();

    /// <summary>Runs a script; cancelling stops it as Ctrl+C does, and returns what it left.</summary>
    public async Task<ModuleResult> RunAsync(
        string script, CancellationToken cancellationToken, params (string Name, object? Value)[] variables)
    {
        foreach ((string name, object? value) in variables)
            Runspace.SessionStateProxy.SetVariable(name, value);

        using var shell = PowerShell.Create(Runspace);
        shell.AddScript(script);
        using var output = new PSDataCollection<PSObject>();
        ErrorRecord? terminating = null;
        bool wasStopped = false;
        await using (cancellationToken.Register(() => shell.BeginStop(null, null)))
        {
            try
            {
                await shell.InvokeAsync<PSObject, PSObject>(null, output);
            }
            catch (PipelineStoppedException)
            {
                wasStopped = true;
            }
            catch (RuntimeException e)
            {
                terminating = e.ErrorRecord;
            }
        }

        PSDataStreams streams = shell.Streams;
        return new ModuleResult
        {
            Output = [.. output],
            Errors = terminating is null || streams.Error.Contains(terminating)
                ? [.. streams.Error]
                : [.. streams.Error, terminating],
            TerminatingError = terminating,
            WasStopped = wasStopped,
            Warnings = [.. streams.Warning.Select(w => w.Message)],
            Verbose = [.. streams.Verbose.Select(v => v.Message)],
            Debug = [.. streams.Debug.Select(d => d.Message)],
            Information = [.. streams.Information],
            Progress = [.. streams.Progress],
            HostText = _terminal.TakeText(),
        };
    }

    /// <summary>Removes the module, so that its jobs end, and closes the engine.</summary>
    public async ValueTask DisposeAsync()
    {
        await RunAsync("Get-Module EtlPs | Remove-Module -Force", CancellationToken.None);
        await Task.Run(Runspace.Dispose);
    }
}
