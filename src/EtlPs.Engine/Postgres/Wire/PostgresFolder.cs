namespace EtlPs.Engine.Postgres.Wire;

/// <summary>Files that libpq and Npgsql look for in a user's own folder.</summary>
internal static class PostgresFolder
{
    /// <summary>A file's path; null: it is not there.</summary>
    public static string? Find(string name) =>
        Environment.GetEnvironmentVariable(OperatingSystem.IsWindows() ? "APPDATA" : "HOME") is { Length: > 0 } home
        && Path.Combine(home, OperatingSystem.IsWindows() ? "postgresql" : ".postgresql", name) is var path
        && File.Exists(path)
            ? path
            : null;

    /// <summary>The pgpass file where no other is named; null: it is not there.</summary>
    public static string? FindPasswordFile()
    {
        if (OperatingSystem.IsWindows())
            return Find("pgpass.conf");
        return Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home
            && Path.Combine(home, ".pgpass") is var path && File.Exists(path)
                ? path
                : null;
    }
}
