namespace EtlPs.Testing.Postgres.Finding;

/// <summary>The folders where package managers put Postgres's programs, those on PATH first.</summary>
internal static class InstalledFolders
{
    public static IEnumerable<string> Enumerate()
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return path.Concat(Usual()).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Usual()
    {
        if (OperatingSystem.IsWindows())
            return Below(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL", "*", "bin");

        return Below("/usr/lib/postgresql", "", "*", "bin")          // Debian, Ubuntu
            .Concat(Below("/usr", "", "pgsql-*", "bin"))              // Red Hat, from PGDG
            .Concat(Below("/opt/homebrew/opt", "", "postgresql@*", "bin"))
            .Concat(Below("/usr/local/opt", "", "postgresql@*", "bin"))
            .Concat(Below("/Applications/Postgres.app/Contents/Versions", "", "*", "bin"))
            .Append("/usr/local/pgsql/bin");
    }

    private static IEnumerable<string> Below(string root, string folder, string pattern, string last)
    {
        string parent = Path.Combine(root, folder);
        return Directory.Exists(parent)
            ? Directory.EnumerateDirectories(parent, pattern).Order(StringComparer.Ordinal)
                .Select(version => Path.Combine(version, last))
            : [];
    }
}
