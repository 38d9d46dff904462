namespace EtlPs.Shell;

/// <summary>What the command line asks for: a script file with its arguments, or a text to run.</summary>
internal sealed record ShellArguments(string? File, string? Command, IReadOnlyList<string> Rest)
{
    public const string Usage = """
        Usage: dotnet run --project tests/EtlPs.Shell -- <script.ps1> [arguments]
               dotnet run --project tests/EtlPs.Shell -- -Command "<text>"
        """;

    public static ShellArguments? Parse(string[] args)
    {
        if (args is [var option, _, ..] && Is(option, "-Command", "-c"))
            return new ShellArguments(null, string.Join(' ', args[1..]), []);
        if (args is [var fileOption, var named, ..] && Is(fileOption, "-File", "-f"))
            return new ShellArguments(named, null, args[2..]);
        return args is [var file, ..] && !file.StartsWith('-') ? new ShellArguments(file, null, args[1..]) : null;
    }

    private static bool Is(string argument, params string[] names) =>
        names.Contains(argument, StringComparer.OrdinalIgnoreCase);
}
