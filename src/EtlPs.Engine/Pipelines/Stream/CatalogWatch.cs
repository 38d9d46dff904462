using System.Threading.Channels;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Looks at the source's catalog while a stream runs: soon after a RELATION message, which follows whatever touched a
/// table, and every now and then, since a detached partition sends nothing at all.
/// </summary>
internal sealed class CatalogWatch(PipelineRun run)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LockedInterval = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _nudges = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // Longer than statements that lock a table in passing.
    private const string LockPatience = "1s";

    private IReadOnlyList<TableRecord> _tables = [];
    private CatalogLook? _last;

    /// <summary>Reads the catalog; whatever differs from now on interrupts the stream.</summary>
    /// <exception cref="PostgresException">LockNotAvailable: a table is locked; so may what is asked later by this
    /// session.</exception>
    public async Task<CatalogLook> LookAsync(
        NpgsqlConnection connection, IReadOnlyList<TableRecord> tables, CancellationToken cancellationToken)
    {
        _tables = tables;
        return _last = await ReadAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// What the last look has seen is still to be judged: the next look interrupts the stream, whatever it sees.
    /// </summary>
    public void Forget() => _last = null;

    /// <summary>Asks for a look soon.</summary>
    public void Nudge() => _nudges.Writer.TryWrite(true);

    /// <summary>
    /// Cancels once the catalog is no longer what it was at the last look; ends when it is cancelled.
    /// </summary>
    public async Task InterruptAsync(CancellationTokenSource stream)
    {
        try
        {
            while (await IsSameAsync(stream.Token).ConfigureAwait(false))
                await Task.Delay(Pause, stream.Token).ConfigureAwait(false);
            await stream.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The stream has ended before.
        }
    }

    private async Task<bool> IsSameAsync(CancellationToken cancellationToken)
    {
        // Whatever the next look sees interrupts the stream where there was none: not as soon as a busy stream asks for
        // it.
        await (_last is null
            ? Task.Delay(LockedInterval, cancellationToken)
            : Task.WhenAny(_nudges.Reader.WaitToReadAsync(cancellationToken)
                .AsTask(), Task.Delay(Interval, cancellationToken)))
            .ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        _nudges.Reader.TryRead(out _);
        try
        {
            var connection = await run.Source.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using var closing = connection.ConfigureAwait(false);
            var look = await ReadAsync(connection, cancellationToken).ConfigureAwait(false);
            if (_last is not { } last || !look.IsSameAs(last)) return false;
            NoteFiles(last, look);
            _last = look;
            return true;
        }
        catch (Exception e) when (
            e is EtlException or NpgsqlException or IOException or InvalidOperationException
            && !cancellationToken.IsCancellationRequested)
        {
            // Only a look: what stands in the way of the stream is told by the stream.
            return true;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>
    /// Whoever alters a table later must not be taken for the cause of the file that it has by now. The state may have
    /// a newer copy of the table than the look.
    /// </summary>
    private void NoteFiles(CatalogLook before, CatalogLook now)
    {
        var others = before.Published.Zip(now.Published).Where(t => t.First.FileNode != t.Second.FileNode).ToList();
        if (others.Count == 0) return;
        using var connection = run.File.Connect();
        var state = new StateStore(connection, run.Definition.Name);
        run.File.ChangeCatalog(connection, () =>
        {
            foreach (var (first, second) in others)
                if (state.FindTable(first.Oid) is { State: TableState.Ready or TableState.CatchingUp } table
                    && TableSighting.IsOf(table.Seen, first))
                    TableSighting.Note(state, table, second, now.Trees.Horizon);
        });
    }

    // Asking for a partition tree, and from Postgres 16 on for what is published, takes a lock on every table.
    private async Task<CatalogLook> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync($"SET lock_timeout = '{LockPatience}'", cancellationToken).ConfigureAwait(false);
        return new CatalogLook(
            await new PartitionCatalog(connection)
                .ReadAsync(_tables.Select(t => t.Oid), cancellationToken).ConfigureAwait(false),
            await new CatalogReader(connection)
                .ReadPublishedTablesAsync(run.Definition.EffectivePublication, cancellationToken)
                .ConfigureAwait(false));
    }
}
