using EtlPs.Testing.Processes;

namespace EtlPs.Testing.Postgres;

/// <summary>A copy of a stopped server's data, with its slots, to be put back in their place later.</summary>
public sealed class ServerBackup
{
    private readonly string _copy;

    private ServerBackup(string copy) => _copy = copy;

    /// <summary>Copies the data of a server that is stopped.</summary>
    public static async Task<ServerBackup> TakeAsync(PostgresServer server, CancellationToken cancellationToken)
    {
        string copy = server.DataFolder + "-backup";
        await ChildProcess.RunCheckedAsync("cp", ["-a", server.DataFolder, copy], cancellationToken);
        return new ServerBackup(copy);
    }

    /// <summary>Puts the copy in the place of the data of a server that is stopped.</summary>
    public async Task RestoreAsync(PostgresServer server, CancellationToken cancellationToken)
    {
        Directory.Delete(server.DataFolder, recursive: true);
        await ChildProcess.RunCheckedAsync("mv", [_copy, server.DataFolder], cancellationToken);
    }

    /// <summary>
    /// Makes a stopped server a standby, which replays what WAL it has when it starts, and waits to be promoted.
    /// </summary>
    public static void MakeStandby(PostgresServer server) =>
        File.WriteAllText(Path.Combine(server.DataFolder, "standby.signal"), "");
}
