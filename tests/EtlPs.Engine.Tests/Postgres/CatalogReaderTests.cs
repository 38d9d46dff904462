using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;
using Npgsql;
using Xunit;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class CatalogReaderTests(ServerPool servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Columns_come_in_order_without_dropped_and_generated_ones()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE t (gone int, a int NOT NULL, b numeric(10,2), g int GENERATED ALWAYS AS (a * 2) STORED,
                            "Ünïcödé 😀 ""q"".x" varchar(7), d int[]);
            ALTER TABLE t DROP COLUMN gone;
            """, Token);
        await using var connection = await OpenAsync(database);

        var table = Assert.Single(await new CatalogReader(connection).ReadTablesAsync(["t"], Token));

        Assert.Equal(new TableName("public", "t"), table.Name);
        Assert.Equal(
            [
                new ColumnSchema(2, "a", new PostgresType(23, -1, "integer"), true),
                new ColumnSchema(3, "b", new PostgresType(1700, (10 << 16 | 2) + 4, "numeric(10,2)"), false),
                new ColumnSchema(5, "Ünïcödé 😀 \"q\".x", new PostgresType(1043, 11, "character varying(7)"), false),
                new ColumnSchema(6, "d", new PostgresType(1007, -1, "integer[]")
                {
                    Structure = new ArrayStructure(new PostgresType(23, -1, "integer"), 1),
                }, false),
            ],
            table.Columns.Select(c => c with { AlteredBy = 0 }));
        // One transaction made them all.
        Assert.NotEqual(0u, Assert.Single(table.Columns.Select(c => c.AlteredBy).Distinct()));
        Assert.Equal(table.Oid, (await new CatalogReader(connection).ReadTableAsync(table.Oid, Token))!.Oid);
        Assert.Null(await new CatalogReader(connection).ReadTableAsync(4_000_000_000, Token));
    }

    [Fact]
    public async Task Keys_follow_the_replica_identity()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE default_pk (a int, b int, c int, PRIMARY KEY (c, a) INCLUDE (b));
            CREATE TABLE default_none (a int);
            CREATE TABLE deferred_pk (a int PRIMARY KEY DEFERRABLE);
            CREATE TABLE nothing_pk (a int PRIMARY KEY);
            ALTER TABLE nothing_pk REPLICA IDENTITY NOTHING;
            CREATE TABLE full_pk (a int PRIMARY KEY, b int);
            ALTER TABLE full_pk REPLICA IDENTITY FULL;
            CREATE TABLE full_none (a int);
            ALTER TABLE full_none REPLICA IDENTITY FULL;
            CREATE TABLE by_index (a int PRIMARY KEY, b int NOT NULL);
            CREATE UNIQUE INDEX by_index_b ON by_index (b);
            ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_b;
            CREATE TABLE index_gone (a int PRIMARY KEY, b int NOT NULL);
            CREATE UNIQUE INDEX index_gone_b ON index_gone (b);
            ALTER TABLE index_gone REPLICA IDENTITY USING INDEX index_gone_b;
            DROP INDEX index_gone_b;
            """, Token);
        await using var connection = await OpenAsync(database);

        var tables = (await new CatalogReader(connection).ReadTablesAsync([], Token)).ToDictionary(t => t.Name.Name);

        void Check(string name, ReplicaIdentity identity, int[] keys, bool updates)
        {
            Assert.Equal(identity, tables[name].Identity);
            Assert.Equal(keys, tables[name].KeyColumns);
            Assert.Equal(updates, tables[name].CanFollowUpdates);
        }

        Check("default_pk", ReplicaIdentity.Default, [2, 0], true);
        Check("default_none", ReplicaIdentity.Default, [], false);
        Check("deferred_pk", ReplicaIdentity.Default, [], false);
        Check("nothing_pk", ReplicaIdentity.Nothing, [], false);
        Check("full_pk", ReplicaIdentity.Full, [0], true);
        Check("full_none", ReplicaIdentity.Full, [], true);
        Check("by_index", ReplicaIdentity.Index, [1], true);
        Check("index_gone", ReplicaIdentity.Index, [], false);
    }

    [Fact]
    public async Task All_tables_are_those_of_users_that_can_be_streamed()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE SCHEMA "Ä ""x"".y"; CREATE TABLE "Ä ""x"".y"."Select" (a int);
            CREATE TABLE z (a int); CREATE UNLOGGED TABLE u (a int); CREATE VIEW v AS SELECT 1 AS a;
            CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
            """, Token);
        await using var connection = await OpenAsync(database);
        var reader = new CatalogReader(connection);

        var all = await reader.ReadTablesAsync([], Token);
        var partition = await reader.ReadTablesAsync(["p1"], Token);

        Assert.Equal(["public.p", "public.z", "\"Ä \"\"x\"\".y\".\"Select\""], all.Select(t => t.Name.ToString()));
        Assert.Equal('p', all[0].Kind);
        Assert.Equal("p1", Assert.Single(partition).Name.Name);
        Assert.Equal(2, (await reader.ReadTablesAsync(["p*", "z", "public.z"], Token)).Count);
        foreach (var refused in (string[])["v", "u", "nowhere.*", "\"Z\""])
        {
            var error = await Assert.ThrowsAsync<EtlException>(() => reader.ReadTablesAsync(["z", refused], Token));
            Assert.Equal(EtlErrorCode.TableNotFound, error.Code);
        }
    }

    [Fact]
    public async Task Sizes_sum_over_partitions_and_rows_are_unknown_until_analysed()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
            INSERT INTO p SELECT 1 FROM generate_series(1, 1000); CREATE TABLE q AS SELECT * FROM p;
            """, Token);
        await using var connection = await OpenAsync(database);
        var reader = new CatalogReader(connection);
        var tables = await reader.ReadTablesAsync([], Token);

        var before = await reader.ReadSizeAsync(tables[1].Oid, Token);
        await database.ExecuteAsync("ANALYZE q", Token);

        Assert.True((await reader.ReadSizeAsync(tables[0].Oid, Token)).Bytes >= 4 * 8192);
        Assert.Null(before.EstimatedRows);
        Assert.Equal(new TableSize(before.Bytes, 1000), await reader.ReadSizeAsync(tables[1].Oid, Token));
    }

    [Fact]
    [Trait("Since", "15")]
    public async Task Published_tables_follow_column_lists_and_partition_roots()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
            CREATE TABLE t (a int PRIMARY KEY, b int, c int);
            CREATE PUBLICATION pub_a FOR TABLE p, t (c, a) WITH (publish_via_partition_root = true);
            CREATE PUBLICATION pubxa FOR TABLE p;
            CREATE PUBLICATION filtered FOR TABLE t WHERE (a > 1);
            """, Token);
        await using var connection = await OpenAsync(database);
        var reader = new CatalogReader(connection);

        var viaRoot = await reader.ReadPublishedTablesAsync("pub_a", Token);
        var leaves = await reader.ReadPublishedTablesAsync("pubxa", Token);

        Assert.Equal(["p", "t"], viaRoot.Select(t => t.Name.Name));
        Assert.Equal(["a", "c"], viaRoot[1].Columns.Select(c => c.Name));
        Assert.Equal(["p1"], leaves.Select(t => t.Name.Name));
        Assert.Equal("(a > 1)", Assert.Single(await reader.ReadPublishedTablesAsync("filtered", Token)).RowFilter);
    }

    [Fact]
    public async Task A_publication_is_found_by_its_exact_name()
    {
        await using var database = await servers.CreateDatabaseAsync();
        await database.ExecuteAsync(
            "CREATE TABLE \"T\" (a int PRIMARY KEY); CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a);",
            Token);
        await using var connection = await OpenAsync(database);
        var catalog = new PublicationCatalog(connection);
        await catalog.CreateAsync("etlpsxa", [new("public", "T")], Token);
        await catalog.CreateAsync("Odd \"name'", [], Token);

        Assert.Null(await catalog.FindAsync("etlps_a", Token));
        Assert.Null(await catalog.FindAsync("etlps%", Token));
        await catalog.AddTablesAsync("etlpsxa", [new("public", "p")], Token);
        var found = await catalog.FindAsync("etlpsxa", Token);
        Assert.Equal(new PublicationInfo("etlpsxa", found!.Owner, false, true, true, true, true, true), found);
        await catalog.DropAsync("etlps_a", Token);
        Assert.NotNull(await catalog.FindAsync("etlpsxa", Token));
        Assert.NotNull(await catalog.FindAsync("Odd \"name'", Token));
        await catalog.DropAsync("Odd \"name'", Token);
        Assert.Null(await catalog.FindAsync("Odd \"name'", Token));
    }

    [Fact]
    public async Task The_server_tells_its_identity()
    {
        await using var database = await servers.CreateDatabaseAsync();
        var connector = new PostgresConnector(SourceSettings.Parse(database.ConnectionString));
        await using var connection = await connector.OpenAsync(Token);
        await using var replication = await connector.OpenReplicationAsync(Token);

        var identity = await ServerIdentity.ReadAsync(connection, Token);

        var system = await replication.IdentifySystem(Token);
        Assert.Equal((system.SystemId, system.Timeline, database.Name),
            (identity.SystemIdentifier, identity.Timeline, identity.Database));
        Assert.Equal(database.Server.Version, identity.VersionNumber / 10000);
    }

    private static Task<NpgsqlConnection> OpenAsync(TestDatabase database) =>
        new PostgresConnector(SourceSettings.Parse(database.ConnectionString)).OpenAsync(Token);
}
