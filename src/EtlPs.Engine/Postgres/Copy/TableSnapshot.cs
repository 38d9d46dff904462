using System.Globalization;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>One worker's transaction on one table, under a snapshot that a keeper exported.</summary>
internal sealed class TableSnapshot : IAsyncDisposable
{
    // Long enough for DDL to pass, short enough to tell who waits for whom: a waiting lock request blocks the table's
    // writers.
    private const string LockTimeout = "30s";

    private readonly ICopySession _session;
    private readonly bool _ownsSession;
    private readonly TableSchema _table;

    private TableSnapshot(
        ICopySession session, bool ownsSession, TableSchema table, uint fileNode, uint keyIndex, long bytes,
        ulong horizon,
        SnapshotTree tree)
    {
        _session = session;
        _ownsSession = ownsSession;
        _table = table;
        FileNode = fileNode;
        KeyIndex = keyIndex;
        SizeBytes = bytes;
        Horizon = horizon;
        Tree = tree;
    }

    /// <summary>
    /// The heap's file: another one means that block numbers of earlier copies mean nothing. 0 for a partitioned table.
    /// </summary>
    public uint FileNode { get; }

    /// <summary>The index behind the key, as of the snapshot (pg_index.indexrelid); 0: none keeps it unique.</summary>
    public uint KeyIndex { get; }

    /// <summary>Every transaction before this one (xid8) was over when the snapshot was taken.</summary>
    public ulong Horizon { get; }

    /// <summary>What the rows are read from: the table itself, or its partitions.</summary>
    public IReadOnlyList<Heap> Heaps => Tree.Heaps;

    /// <summary>The size of what is read, now, with the large values that lie beside the rows.</summary>
    public long SizeBytes { get; }

    /// <summary>A partitioned table's tree; nothing but the heap for any other.</summary>
    public SnapshotTree Tree { get; }

    /// <summary>In a session of its own, which ends with it.</summary>
    /// <exception cref="TableRewrittenException">The snapshot does not see the table as it is.</exception>
    public static async Task<TableSnapshot> OpenAsync(
        PostgresConnector connector, string snapshotName, TableSchema table, CancellationToken cancellationToken)
    {
        var session = await connector.OpenForCopyAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await BeginAsync(session, ownsSession: true, snapshotName, table, cancellationToken)
                .ConfigureAwait(false);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>In a session that has no transaction open, and which is of no more use when this fails.</summary>
    /// <exception cref="TableRewrittenException">The snapshot does not see the table as it is.</exception>
    public static Task<TableSnapshot> BeginAsync(
        ICopySession session, string snapshotName, TableSchema table, CancellationToken cancellationToken) =>
        BeginAsync(session, ownsSession: false, snapshotName, table, cancellationToken);

    private static async Task<TableSnapshot> BeginAsync(
        ICopySession session, bool ownsSession, string snapshotName, TableSchema table,
        CancellationToken cancellationToken)
    {
        // A policy would leave rows out of the copy, and never of the stream: better that the copy fails.
        await session.ExecuteAsync(
            $"""
            BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
            SET TRANSACTION SNAPSHOT {SqlLiteral.Of(snapshotName)};
            SET LOCAL row_security = off;
            SET LOCAL lock_timeout = '{LockTimeout}';
            {Lock(table)}
            """, cancellationToken).ConfigureAwait(false);
        var found = await session.ReadAsync(Check(table), cancellationToken).ConfigureAwait(false);
        if (found is not [[{ } fileNode, "true", { } heapBytes, { } tableBytes, { } keyIndex, { } horizon]])
            throw new TableRewrittenException(table.Name);
        var file = uint.Parse(fileNode, CultureInfo.InvariantCulture);
        var heap = long.Parse(heapBytes, CultureInfo.InvariantCulture);
        var size = long.Parse(tableBytes, CultureInfo.InvariantCulture);
        var tree = table.Kind == 'p'
            ? await SnapshotTree.ReadAsync(session, table, cancellationToken).ConfigureAwait(false)
            : new SnapshotTree([], [new Heap(table.Oid, table.Name.Quoted, file, heap, size)], 0);
        return new TableSnapshot(
            session, ownsSession, table, file, uint.Parse(keyIndex, CultureInfo.InvariantCulture), size,
            ulong.Parse(horizon, CultureInfo.InvariantCulture), tree);
    }

    /// <summary>Starts to copy a range. One at a time; dispose the reader before the next.</summary>
    /// <param name="heap">What another worker's transaction may have told: its name may be another one's by
    /// now.</param>
    /// <param name="range">The blocks.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="TableRewrittenException">Nothing that this transaction reads has that file.</exception>
    public Task<ICopyReader> CopyAsync(Heap heap, CopyRange range, CancellationToken cancellationToken)
    {
        var same = Heaps.FirstOrDefault(h => h.Oid == heap.Oid && h.FileNode == heap.FileNode)
            ?? throw new TableRewrittenException(_table.Name);
        return _session.CopyAsync(CopyStatement.For(_table, same, range), cancellationToken);
    }

    /// <summary>Ends the transaction, and with it the table's lock; the session may begin another.</summary>
    public Task EndAsync(CancellationToken cancellationToken) => _session.ExecuteAsync("ROLLBACK", cancellationToken);

    public ValueTask DisposeAsync() => _ownsSession ? _session.DisposeAsync() : ValueTask.CompletedTask;

    // LOCK TABLE takes tables only, and asks for the right to all of their columns. A SELECT takes the same lock, and a
    // view's on what the view reads; without a row, nothing is asked of another server. Where no row can be, partitions
    // are not even locked.
    private static string Lock(TableSchema table) => table.Kind switch
    {
        'p' => $"SELECT FROM {table.Name.Quoted} LIMIT 0",
        'r' => $"SELECT FROM ONLY {table.Name.Quoted} WHERE false",
        _ => $"SELECT FROM {table.Name.Quoted} WHERE false",
    };

    // pg_class is read as of the snapshot, pg_relation_filenode and to_regclass as of now. Sizes are now's too: rows
    // that the snapshot sees may have moved nowhere, but the heap may have grown. Blocks count only where the access
    // method is heap (2): others may not find a row by them.
    private static string Check(TableSchema table) => string.Create(CultureInfo.InvariantCulture, $"""
        SELECT c.relfilenode::text,
               (pg_catalog.to_regclass({SqlLiteral.Of(table.Name.Quoted)})::oid = c.oid AND NOT EXISTS (
                   SELECT FROM pg_catalog.pg_partition_tree(c.oid) AS t JOIN pg_catalog.pg_class AS p ON p.oid = t.relid
                   WHERE p.relfilenode <> COALESCE(pg_catalog.pg_relation_filenode(p.oid), 0))
               AND c.relfilenode = COALESCE(pg_catalog.pg_relation_filenode(c.oid), 0)
               AND NOT EXISTS (
                   SELECT FROM pg_catalog.unnest(ARRAY[
                       {string.Join(", ", table.Columns.Select(c => SqlLiteral.Of(Describe(c))))}]::text[]) AS w (col)
                   WHERE w.col NOT IN (
                       SELECT pg_catalog.format('%s %s %s %s', a.attnum, a.atttypid, a.atttypmod, a.attname)
                       FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND NOT a.attisdropped)))::text,
               CASE WHEN c.relam = 2 THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END::text,
               COALESCE((SELECT pg_catalog.sum(pg_catalog.pg_table_size(t.relid))::int8
                         FROM pg_catalog.pg_partition_tree(c.oid) AS t WHERE t.isleaf),
                        pg_catalog.pg_table_size(c.oid), 0)::text,
               COALESCE((SELECT i.indexrelid::text FROM pg_catalog.pg_index AS i
                         WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                           AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END), '0'),
               pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text
        FROM pg_catalog.pg_class AS c WHERE c.oid = {table.Oid}
        """);

    private static string Describe(ColumnSchema column) => string.Create(
        CultureInfo.InvariantCulture,
        $"{column.AttributeNumber} {column.Type.Oid} {column.Type.Modifier} {column.Name}");
}
