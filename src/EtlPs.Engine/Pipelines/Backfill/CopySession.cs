using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// One worker's session at the source, which goes from table to table, each in a transaction of its own.
/// </summary>
internal sealed class CopySession(PostgresConnector source, string snapshotName) : IAsyncDisposable
{
    private ICopySession? _session;
    private TableSnapshot? _table;
    private uint _oid;

    /// <summary>The table under the snapshot, with its lock.</summary>
    /// <exception cref="TableRewrittenException">The snapshot does not see the table as it is.</exception>
    public async Task<TableSnapshot> OpenAsync(TableRecord record, CancellationToken cancellationToken)
    {
        if (_table is not null && _oid == record.Oid) return _table;
        await LeaveAsync(cancellationToken).ConfigureAwait(false);
        _session ??= await source.OpenForCopyAsync(cancellationToken).ConfigureAwait(false);
        _table = await TableSnapshot
            .BeginAsync(_session, snapshotName, record.Schema, cancellationToken).ConfigureAwait(false);
        _oid = record.Oid;
        return _table;
    }

    /// <summary>Lets the table go: whoever waits to alter it need not wait for the next one.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        if (_table is not { } table) return;
        _table = null;
        await table.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the session; after an error, so that the next table gets a new one.</summary>
    public async ValueTask DisposeAsync()
    {
        (var session, _session, _table) = (_session, null, null);
        if (session is not null) await session.DisposeAsync().ConfigureAwait(false);
    }
}
