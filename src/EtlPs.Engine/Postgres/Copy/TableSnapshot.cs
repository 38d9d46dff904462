using System.Globalization;
using EtlPs.Engine.Changes;
using Npgsql;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>One worker's transaction on one table, under a snapshot that a keeper exported.</summary>
internal sealed class TableSnapshot : IAsyncDisposable
{
    // Long enough for DDL to pass, short enough to tell who waits for whom: a waiting lock request blocks the table's writers.
    private const string LockTimeout = "30s";

    // pg_class is read as of the snapshot, pg_relation_filenode and to_regclass as of now. Sizes are now's too: rows that
    // the snapshot sees may have moved nowhere, but the heap may have grown.
    private const string Check = """
        SELECT c.relfilenode,
               pg_catalog.to_regclass($2)::oid = c.oid AND NOT EXISTS (
                   SELECT FROM pg_catalog.pg_partition_tree(c.oid) AS t JOIN pg_catalog.pg_class AS p ON p.oid = t.relid
                   WHERE p.relfilenode <> COALESCE(pg_catalog.pg_relation_filenode(p.oid), 0))
               AND c.relfilenode = COALESCE(pg_catalog.pg_relation_filenode(c.oid), 0)
               AND NOT EXISTS (
                   SELECT FROM pg_catalog.unnest($3) AS w (col) WHERE w.col NOT IN (
                       SELECT pg_catalog.format('%s %s %s %s', a.attnum, a.atttypid, a.atttypmod, a.attname)
                       FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND NOT a.attisdropped)),
               COALESCE((SELECT pg_catalog.sum(pg_catalog.pg_relation_size(t.relid))::int8
                         FROM pg_catalog.pg_partition_tree(c.oid) AS t WHERE t.isleaf), pg_catalog.pg_relation_size(c.oid), 0)
        FROM pg_catalog.pg_class AS c WHERE c.oid = $1
        """;

    private readonly PostgresConnector _connector;
    private readonly NpgsqlConnection _connection;
    private readonly TableSchema _table;

    private TableSnapshot(
        PostgresConnector connector, NpgsqlConnection connection, TableSchema table, uint fileNode, long bytes, SnapshotTree tree)
    {
        _connector = connector;
        _connection = connection;
        _table = table;
        FileNode = fileNode;
        SizeBytes = bytes;
        Tree = tree;
    }

    /// <summary>The heap's file: another one means that block numbers of earlier copies mean nothing. 0 for a partitioned table.</summary>
    public uint FileNode { get; }

    /// <summary>What the rows are read from: the table itself, or its partitions.</summary>
    public IReadOnlyList<Heap> Heaps => Tree.Heaps;

    /// <summary>The size of what is read, now.</summary>
    public long SizeBytes { get; }

    /// <summary>A partitioned table's tree; nothing but the heap for any other.</summary>
    public SnapshotTree Tree { get; }

    /// <exception cref="TableRewrittenException">The snapshot does not see the table as it is.</exception>
    public static async Task<TableSnapshot> OpenAsync(
        PostgresConnector connector, string snapshotName, TableSchema table, CancellationToken cancellationToken)
    {
        var connection = await connector.OpenForCopyAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var name = $"{(table.Kind == 'p' ? "" : "ONLY ")}{table.Name.Quoted}";
            await connection.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellationToken)
                .ConfigureAwait(false);
            await connection.ExecuteAsync(
                $"SET TRANSACTION SNAPSHOT '{snapshotName.Replace("'", "''", StringComparison.Ordinal)}'", cancellationToken)
                .ConfigureAwait(false);
            // A policy would leave rows out of the copy, and never of the stream: better that the copy fails.
            await connection.ExecuteAsync("SET LOCAL row_security = off", cancellationToken).ConfigureAwait(false);
            await connection.ExecuteAsync($"SET LOCAL lock_timeout = '{LockTimeout}'", cancellationToken).ConfigureAwait(false);
            await connection.ExecuteAsync($"LOCK TABLE {name} IN ACCESS SHARE MODE", cancellationToken).ConfigureAwait(false);
            var found = await connection.ReadAsync(
                Check,
                r => (FileNode: r.GetFieldValue<uint>(0), Same: r.GetNullable<bool>(1) ?? false, Bytes: r.GetInt64(2)),
                cancellationToken,
                Catalog.CatalogReader.Oid(table.Oid),
                table.Name.Quoted,
                table.Columns.Select(Describe).ToArray()).ConfigureAwait(false);
            if (found is not [{ Same: true } state])
                throw new TableRewrittenException(table.Name);
            var tree = table.Kind == 'p'
                ? await SnapshotTree.ReadAsync(connection, table, cancellationToken).ConfigureAwait(false)
                : new SnapshotTree([], [new Heap(table.Oid, table.Name.Quoted, state.FileNode, state.Bytes)], 0);
            return new TableSnapshot(connector, connection, table, state.FileNode, state.Bytes, tree);
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (e is TableRewrittenException || (e is OperationCanceledException && cancellationToken.IsCancellationRequested))
                throw;
            throw connector.Translate(e);
        }
    }

    /// <summary>Starts to copy a range. One at a time; dispose the reader before the next.</summary>
    public async Task<ICopyReader> CopyAsync(Heap heap, CopyRange range, CancellationToken cancellationToken)
    {
        try
        {
            return await NpgsqlCopyReader.StartAsync(_connector, _connection, CopyStatement.For(_table, heap, range), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw _connector.Translate(e);
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static string Describe(ColumnSchema column) => string.Create(
        CultureInfo.InvariantCulture, $"{column.AttributeNumber} {column.Type.Oid} {column.Type.Modifier} {column.Name}");
}
