using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using EtlPs.Engine.Changes;
using Npgsql;
using Npgsql.Replication;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>Where a server's history left an earlier timeline, as its timeline history file says.</summary>
internal static class TimelineSwitch
{
    /// <summary>
    /// The position up to which timelines <paramref name="earlier"/> and <paramref name="current"/> are one history;
    /// null: the server does not descend from the earlier one, or does not know any more.
    /// </summary>
    public static async Task<Lsn?> FindAsync(
        PostgresConnector connector, uint earlier, uint current, CancellationToken cancellationToken)
    {
        var session = await connector.OpenReplicationAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = session.ConfigureAwait(false);
        try
        {
            var file = await ReadSingleRow(
                session, string.Create(CultureInfo.InvariantCulture, $"TIMELINE_HISTORY {current}"), cancellationToken)
                .ConfigureAwait(false);
            return Read(file[1] as string ?? Encoding.UTF8.GetString((byte[])file[1]), earlier);
        }
        catch (PostgresException)
        {
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw connector.Translate(e);
        }
    }

    /// <summary>
    /// Lines are <c>timeline TAB switch point TAB reason</c>, one for each timeline before the current one.
    /// </summary>
    public static Lsn? Read(string history, uint earlier)
    {
        foreach (var line in history.Split('\n'))
        {
            var fields = line.Split('\t', StringSplitOptions.TrimEntries);
            if (fields.Length >= 2
                && uint.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var timeline)
                && timeline == earlier
                && Lsn.TryParse(fields[1], out var left))
                return left;
        }
        return null;
    }

    // Npgsql's own TimelineHistory expects bytes, and fails with the text that servers from 15 on send.
    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    private static extern Task<object[]> ReadSingleRow(
        ReplicationConnection session, string command, CancellationToken cancellationToken);
}
