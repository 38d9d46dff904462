using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Postgres;

/// <summary>The user that servers run as: this process's own, except for root, whom Postgres refuses.</summary>
internal sealed record ServerAccount(string? Name)
{
    public static ServerAccount Current { get; } = Find();

    /// <summary>Runs a program as that user.</summary>
    public Task<ProcessOutcome> RunAsync(
        string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        if (Name is null)
            return ChildProcess.RunAsync(program, arguments, cancellationToken);
        if (File.Exists("/usr/bin/setpriv"))
            return ChildProcess.RunAsync(
                "/usr/bin/setpriv",
                [$"--reuid={Name}", "--regid=" + GroupOf(Name), "--clear-groups", program, .. arguments],
                cancellationToken);
        return ChildProcess.RunAsync("runuser", ["-u", Name, "--", program, .. arguments], cancellationToken);
    }

    /// <summary>Gives a file, or a folder with all that is in it, that this process made to that user.</summary>
    public async Task GiveAsync(string path, CancellationToken cancellationToken)
    {
        if (Name is not null)
            await ChildProcess.RunCheckedAsync("chown", ["-R", $"{Name}:{GroupOf(Name)}", path], cancellationToken);
    }

    private static ServerAccount Find()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return new ServerAccount((string?)null);
        bool hasPostgres = Accounts().Any(fields => fields[0] == "postgres");
        return new ServerAccount(hasPostgres ? "postgres" : "nobody");
    }

    private static string GroupOf(string user) => Accounts().First(fields => fields[0] == user)[3];

    private static IEnumerable<string[]> Accounts() =>
        File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3);
}
