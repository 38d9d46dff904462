using System.Diagnostics;

namespace EtlPs.Testing.Processes;

/// <summary>Runs a program to its end.</summary>
public static class ChildProcess
{
    /// <summary>Runs it and collects what it writes. A cancelled run is killed.</summary>
    public static async Task<ProcessOutcome> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["LC_MESSAGES"] = "C";

        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
            return new ProcessOutcome(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Runs it, and throws with what it wrote where it fails.</summary>
    public static async Task<string> RunCheckedAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellationToken = default)
    {
        ProcessOutcome outcome = await RunAsync(program, arguments, cancellationToken);
        return outcome.ExitCode == 0
            ? outcome.Output
            : throw new InvalidOperationException(
                $"{Path.GetFileName(program)} ended with {outcome.ExitCode}: {outcome.ErrorOutput}{outcome.Output}");
    }
}
