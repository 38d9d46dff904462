using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;
using Xunit;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class SnapshotTests(ServerPool servers)
{
    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_permanent_slot_stays_and_its_snapshot_sees_what_was_committed_before()
    {
        await using var database = await CreateAsync(1000);
        var connector = Connector(database);
        SlotInfo? seen = null;
        await using var connection = await connector.OpenAsync(Token);

        await using var snapshot = await SnapshotSlot.CreateAsync(
            connector, database.Name, false,
            async token => seen = await new SlotCatalog(connection).FindAsync(database.Name, token), Token);
        await database.ExecuteAsync("INSERT INTO t SELECT i, 'new' FROM generate_series(2001, 3000) AS i;", Token);

        Assert.NotNull(seen);
        Assert.Equal(("pgoutput", database.Name, false), (seen.Plugin, seen.Database, seen.Temporary));
        Assert.Equal(seen.ConfirmedFlushLsn, snapshot.ConsistentPoint);
        var table = (await new CatalogReader(connection).ReadTablesAsync(["t"], Token))[0];
        await using var worker = await TableSnapshot.OpenAsync(connector, snapshot.SnapshotName, table, Token);
        Assert.Equal(1000, CountRows(await CopyAsync(worker, CopyRange.Whole), 2));
        Assert.NotNull(await new SlotCatalog(connection).FindAsync(database.Name, Token));
    }

    [Fact]
    public async Task A_temporary_slot_is_gone_at_once_and_its_snapshot_lives()
    {
        await using var database = await CreateAsync(10);
        var connector = Connector(database);
        var name = SlotName.MakeTemporary();
        await using var connection = await connector.OpenAsync(Token);

        await using var snapshot = await SnapshotSlot.CreateAsync(connector, name, true, null, Token);
        await using var second = await SnapshotSlot.WithoutSlotAsync(connector, Token);

        await Eventually.IsTrueAsync(
            async () => await new SlotCatalog(connection).FindAsync(name, Token) is null, cancellationToken: Token);
        Assert.True(snapshot.ConsistentPoint.IsKnown);
        Assert.Equal(Lsn.Zero, second.ConsistentPoint);
        var table = (await new CatalogReader(connection).ReadTablesAsync(["t"], Token))[0];
        foreach (var exported in (string[])[snapshot.SnapshotName, second.SnapshotName])
        {
            await using var worker = await TableSnapshot.OpenAsync(connector, exported, table, Token);
            Assert.Equal(10, CountRows(await CopyAsync(worker, CopyRange.Whole), 2));
        }
    }

    [Fact]
    public async Task Ranges_under_one_snapshot_give_every_row_once()
    {
        await using var database = await CreateAsync(20_000);
        var connector = Connector(database);
        await using var connection = await connector.OpenAsync(Token);
        await using var snapshot = await SnapshotSlot.WithoutSlotAsync(connector, Token);
        await database.ExecuteAsync("UPDATE t SET b = 'moved' WHERE a % 3 = 0", Token);
        var table = (await new CatalogReader(connection).ReadTablesAsync(["t"], Token))[0];
        await using var worker = await TableSnapshot.OpenAsync(connector, snapshot.SnapshotName, table, Token);
        var ranges = CopyRange.Split(worker.Heaps[0].SizeBytes, 16 * 8192);

        var rows = 0;
        foreach (var range in ranges)
            rows += CountRows(await CopyAsync(worker, range), 2);

        Assert.True(ranges.Count > 5);
        Assert.Equal(20_000, rows);
    }

    [Fact]
    public async Task A_range_of_a_partition_is_read_from_it_though_another_has_its_name_by_now()
    {
        await using var database = await CreateAsync(1);
        var connector = Connector(database);
        await using var connection = await connector.OpenAsync(Token);
        await database.ExecuteAsync("""
            CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
            CREATE TABLE p0 PARTITION OF p FOR VALUES FROM (0) TO (100);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (100) TO (200);
            INSERT INTO p SELECT g, 'v' FROM generate_series(0, 9) g UNION ALL SELECT g, 'v'
                FROM generate_series(100, 119) g
            """, Token);
        await using var snapshot = await SnapshotSlot.WithoutSlotAsync(connector, Token);
        var table = (await new CatalogReader(connection).ReadTablesAsync(["p"], Token))[0];
        IReadOnlyList<Heap> heaps;
        await using (var opener = await TableSnapshot.OpenAsync(connector, snapshot.SnapshotName, table, Token))
            heaps = [.. opener.Heaps.OrderBy(h => h.Oid)];
        await database.ExecuteAsync(
            "ALTER TABLE p0 RENAME TO away; ALTER TABLE p1 RENAME TO p0; ALTER TABLE away RENAME TO p1", Token);

        await using var worker = await TableSnapshot.OpenAsync(connector, snapshot.SnapshotName, table, Token);

        Assert.Equal(10, CountRows(await CopyAsync(worker, heaps[0], CopyRange.Whole), 2));
        Assert.Equal(20, CountRows(await CopyAsync(worker, heaps[1], CopyRange.Whole), 2));
        await Assert.ThrowsAsync<TableRewrittenException>(
            () => worker.CopyAsync(heaps[0] with { FileNode = 1 }, CopyRange.Whole, Token));
    }

    [Theory]
    [InlineData("VACUUM FULL t")]
    [InlineData("TRUNCATE t")]
    [InlineData("ALTER TABLE t ALTER COLUMN a TYPE bigint")]
    [InlineData("DROP TABLE t; CREATE TABLE t (a int, b text)")]
    public async Task A_table_rewritten_after_the_snapshot_is_not_copied_under_it(string rewrite)
    {
        await using var database = await CreateAsync(100);
        var connector = Connector(database);
        await using var connection = await connector.OpenAsync(Token);
        var table = (await new CatalogReader(connection).ReadTablesAsync(["t"], Token))[0];
        await using var snapshot = await SnapshotSlot.WithoutSlotAsync(connector, Token);
        await database.ExecuteAsync(rewrite, Token);

        await Assert.ThrowsAsync<TableRewrittenException>(
            () => TableSnapshot.OpenAsync(connector, snapshot.SnapshotName, table, Token));

        await using var later = await SnapshotSlot.WithoutSlotAsync(connector, Token);
        // As it is now: the columns that it had before are no longer its own either.
        table = (await new CatalogReader(connection).ReadTablesAsync(["t"], Token))[0];
        await using (await TableSnapshot.OpenAsync(connector, later.SnapshotName, table, Token))
        {
        }
    }

    [Fact]
    public async Task A_partitioned_table_is_copied_by_leaf_and_a_rewritten_partition_is_noticed()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE t (a int, b text) PARTITION BY RANGE (a);
            CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100); CREATE TABLE t2 PARTITION OF t DEFAULT;
            INSERT INTO t SELECT i, 'x' FROM generate_series(1, 300) AS i;
            """, Token);
        var connector = Connector(database);
        await using var connection = await connector.OpenAsync(Token);
        var table = (await new CatalogReader(connection).ReadTablesAsync(["t"], Token))[0];
        await using var snapshot = await SnapshotSlot.WithoutSlotAsync(connector, Token);

        await using (var worker = await TableSnapshot.OpenAsync(connector, snapshot.SnapshotName, table, Token))
        {
            Assert.Equal(99, CountRows(await CopyAsync(worker, worker.Heaps[0], CopyRange.Whole), 2));
            Assert.Equal(201, CountRows(await CopyAsync(worker, worker.Heaps[1], CopyRange.Whole), 2));
            Assert.True(worker.SizeBytes >= 16384);
        }

        await database.ExecuteAsync("VACUUM FULL t2", Token);
        await Assert.ThrowsAsync<TableRewrittenException>(
            () => TableSnapshot.OpenAsync(connector, snapshot.SnapshotName, table, Token));
    }

    [Fact]
    public async Task Making_a_slot_waits_for_a_writer_names_it_and_can_be_cancelled()
    {
        // A server of its own: the writer would hold up every other test's slot.
        await using var server = await PostgresServer.StartAsync(new PostgresServerOptions(), Token);
        var connector = new PostgresConnector(SourceSettings.Parse(server.ConnectionString()));
        await using var writer = await server.OpenAsync("postgres", Token);
        await using (var begin = new Npgsql.NpgsqlCommand("BEGIN; CREATE TABLE held (a int)", writer))
            await begin.ExecuteNonQueryAsync(Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var making = SnapshotSlot.CreateAsync(connector, "waits", false, null, stop.Token);
        await using var connection = await connector.OpenAsync(Token);
        var catalog = new SlotCatalog(connection);
        while (await catalog.FindAsync("waits", Token) is null)
            Assert.False(making.IsCompleted);
        var blockers = await catalog.ReadBlockersAsync(Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => making);
        Assert.Contains($"pid {writer.ProcessID} ", Assert.Single(blockers), StringComparison.Ordinal);
        await Eventually.IsTrueAsync(
            async () => await catalog.FindAsync("waits", Token) is null, cancellationToken: Token);
    }

    [Fact]
    public async Task A_fault_after_the_slot_was_made_drops_it_again()
    {
        await using var database = await CreateAsync(1);
        var connector = Connector(database);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SnapshotSlot.CreateAsync(
            connector, database.Name, false, _ => stop.CancelAsync(), stop.Token));

        await using var connection = await connector.OpenAsync(Token);
        Assert.Null(await new SlotCatalog(connection).FindAsync(database.Name, Token));
    }

    [Fact]
    public async Task A_slot_name_that_exists_is_refused_and_left_alone()
    {
        await using var database = await CreateAsync(1);
        var connector = Connector(database);
        await using (await SnapshotSlot.CreateAsync(connector, database.Name, false, null, Token))
        {
        }

        var error = await Assert.ThrowsAsync<EtlException>(
            () => SnapshotSlot.CreateAsync(connector, database.Name, false, null, Token));

        Assert.Equal(EtlErrorCode.SlotExists, error.Code);
        await using var connection = await connector.OpenAsync(Token);
        var catalog = new SlotCatalog(connection);
        Assert.NotNull(await catalog.FindAsync(database.Name, Token));
        await catalog.DropAsync(database.Name.Replace('_', 'x'), Token);
        Assert.NotNull(await catalog.FindAsync(database.Name, Token));
        await catalog.DropAsync(database.Name, Token);
        Assert.Null(await catalog.FindAsync(database.Name, Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_copy_cut_short_ends_on_the_server_too(bool cancelled)
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE t (a int, b text);
            INSERT INTO t SELECT i, repeat('x', 900) FROM generate_series(1, 100000) AS i;
            """, Token);
        var connector = Connector(database);
        await using var connection = await connector.OpenAsync(Token);
        var table = (await new CatalogReader(connection).ReadTablesAsync(["t"], Token))[0];
        await using var snapshot = await SnapshotSlot.WithoutSlotAsync(connector, Token);
        await using var worker = await TableSnapshot.OpenAsync(connector, snapshot.SnapshotName, table, Token);

        await using (var copy = await worker.CopyAsync(worker.Heaps[0], CopyRange.Whole, Token))
        {
            Assert.Equal(100, copy.Read(new byte[100]));
            if (cancelled)
            {
                copy.Cancel();
                Assert.Throws<EtlException>(() => ReadToEnd(copy));
            }
        }

        Assert.Equal(0, await database.ScalarAsync<long>(
            $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database.Name}' AND state = 'active' AND query "
            + "LIKE 'COPY%'",
            Token));
    }

    private static Task<byte[]> CopyAsync(TableSnapshot worker, CopyRange range) =>
        CopyAsync(worker, worker.Heaps[0], range);

    private static async Task<byte[]> CopyAsync(TableSnapshot worker, Heap heap, CopyRange range)
    {
        await using var copy = await worker.CopyAsync(heap, range, Token);
        return ReadToEnd(copy);
    }

    private static byte[] ReadToEnd(ICopyReader copy)
    {
        using var all = new MemoryStream();
        var buffer = new byte[1000];
        for (int read; (read = copy.Read(buffer)) > 0;)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }

    private static int CountRows(byte[] copy, short columns)
    {
        Assert.Equal(Header, copy[..11]);
        var rows = 0;
        var position = 19;
        for (; ReadInt16(copy, position) is var count && count != -1; rows++)
        {
            Assert.Equal(columns, count);
            position += 2;
            for (var i = 0; i < count; i++)
                position += 4 + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(copy.AsSpan(position));
        }

        Assert.Equal(copy.Length, position + 2);
        return rows;
    }

    private static short ReadInt16(byte[] bytes, int position) =>
        System.Buffers.Binary.BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(position));

    private static PostgresConnector Connector(TestDatabase database) =>
        new(SourceSettings.Parse(database.ConnectionString));

    private async Task<TestDatabase> CreateAsync(
        int rows, [System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        var database = await servers.CreateDatabaseAsync(test);
        await database.ExecuteAsync(
            "CREATE TABLE t (a int NOT NULL, b text NOT NULL); "
            + $"INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, {rows}) AS i;",
            Token);
        return database;
    }
}
