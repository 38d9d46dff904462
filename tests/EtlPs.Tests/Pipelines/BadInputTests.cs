using EtlPs.Testing.Postgres;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Pipelines;

public sealed class BadInputTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_password()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var right = await shop.Database.Server.CreateRoleAsync(
            $"r_{shop.Pipeline}", "right-4711", "REPLICATION", shop.Database.Name, Token);

        var result = Start(shop, right.Replace("right-4711", "wrong-4711", StringComparison.Ordinal));

        AssertRefused("AuthenticationFailed", result);
        Assert.DoesNotContain("wrong-4711", result.AllText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_server()
    {
        await using var shop = await Shop.OpenAsync(pool);

        AssertRefused("SourceUnreachable", Start(shop, "Host=127.0.0.1;Port=1;Database=shop;Username=etl"));
    }

    [Fact]
    public async Task No_database()
    {
        await using var shop = await Shop.OpenAsync(pool);

        AssertRefused("DatabaseNotFound", Start(shop, shop.Database.Server.ConnectionString("no_such_database")));
    }

    [Fact]
    public async Task A_server_whose_wal_level_is_not_logical()
    {
        await using var server = await PostgresServer.StartAsync(
            new PostgresServerOptions { WalLevel = "replica" }, Token);
        await server.ExecuteAsync("postgres", "CREATE TABLE t (id int PRIMARY KEY)", Token);
        await using var host = ModuleHost.Create();

        var result = host.Run(
            "New-EtlPipeline p $source $file | Start-EtlBackfill",
            ("source", server.ConnectionString()),
            ("file", Path.Combine(Directory.CreateTempSubdirectory("etlps").FullName, "p.duckdb")));

        AssertRefused("WalLevelNotLogical", result);
    }

    [Fact]
    public async Task A_role_without_the_replication_right()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var role = $"r_{shop.Pipeline}";
        var source = await shop.Database.Server.CreateRoleAsync(role, "secret-4711", "", shop.Database.Name, Token);
        await shop.Database.ExecuteAsync(
            $"""
            ALTER TABLE customers OWNER TO "{role}"; ALTER TABLE orders OWNER TO "{role}";
            GRANT CREATE ON DATABASE "{shop.Database.Name}" TO "{role}"
            """, Token);

        AssertRefused("ReplicationRightMissing", Start(shop, source));
    }

    [Fact]
    public async Task A_table_that_does_not_exist()
    {
        await using var shop = await Shop.OpenAsync(pool);

        AssertRefused(
            "TableNotFound", shop.Run("New-EtlPipeline $name $source $file -Table public.nope | Start-EtlBackfill"));
        Assert.Equal(0, await shop.SlotsAsync());
    }

    [Fact]
    public async Task A_table_without_a_key_is_refused_before_a_publication_covers_it()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await shop.Database.ExecuteAsync("CREATE TABLE keyless (a int); INSERT INTO keyless VALUES (1)", Token);

        var result = shop.Run("Start-EtlBackfill $name");

        AssertRefused("NoReplicaIdentity", result);
        Assert.Equal("public.keyless", $"{result.Errors.Single().TargetObject}");
        Assert.Equal(0, await shop.PublicationsAsync());
        await shop.Database.ExecuteAsync("UPDATE keyless SET a = 2", Token);
    }

    [Fact]
    public async Task A_table_that_cannot_be_carried_is_set_aside_and_the_others_are_copied()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await shop.Database.ExecuteAsync("CREATE TABLE odd (); ALTER TABLE odd REPLICA IDENTITY FULL", Token);

        var result = shop.Run("Start-EtlBackfill $name");

        AssertRefused("UnsupportedType", result);
        Assert.Equal("public.odd", $"{result.Errors.Single().TargetObject}");
        Assert.Equal(
            ["Ready", "Ready", "SetAside"],
            result.Output.Select(table => (string)table.Properties["State"].Value).Order(StringComparer.Ordinal));
        Assert.Equal(5000, shop.Count("orders"));
        Assert.Single(shop.Run("(Get-EtlPipeline $name).Tables.Where{ $_.ErrorCode -eq 'UnsupportedType' }").Output);
    }

    [Fact]
    public async Task A_slot_that_is_in_use()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        var copy = shop.File + ".copy";
        File.Copy(shop.File, copy);
        shop.Run("$job = Start-EtlStream $name -AsJob").WithoutErrors();
        await shop.SlotBecomesAsync(active: true, Token);

        await using var other = shop.OpenSession();
        var result = other.Run("New-EtlPipeline $name $source \"$file.copy\" | Start-EtlStream -UntilCaughtUp");

        AssertRefused("SlotActive", result);
        shop.Run("$job | Stop-Job; $job | Remove-Job").WithoutErrors();
    }

    [Fact]
    public async Task A_slot_that_is_not_ours()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await shop.Database.ExecuteAsync(
            $"SELECT pg_create_logical_replication_slot('etlps_{shop.Pipeline}', 'pgoutput')", Token);

        AssertRefused("SlotExists", shop.Run("Start-EtlBackfill $name"));
        Assert.Equal(1, await shop.SlotsAsync());
    }

    [Fact]
    public async Task A_file_that_is_no_DuckDB_file_is_refused_and_kept()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await File.WriteAllTextAsync(shop.File, string.Concat(Enumerable.Repeat("not a database ", 1000)), Token);

        AssertRefused("NotADuckDbFile", shop.Run("Start-EtlBackfill $name"));

        Assert.StartsWith("not a database", await File.ReadAllTextAsync(shop.File, Token), StringComparison.Ordinal);
        Assert.Equal(0, await shop.SlotsAsync());
    }

    [Fact]
    public async Task A_query_that_writes_or_is_none()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        AssertRefused("QueryFailed", shop.Run("Invoke-EtlQuery $name 'DELETE FROM public.orders'"));
        AssertRefused("QueryFailed", shop.Run("Invoke-EtlQuery $name 'SELEKT 1'"));
        AssertRefused("QueryFailed", shop.Run("Invoke-EtlQuery -Source $source 'DELETE FROM public.orders'"));
        Assert.Equal(5000, shop.Count("orders"));
    }

    private static ModuleResult Start(Shop shop, string source) => shop.Session.Run(
        "New-EtlPipeline $name $given $file | Start-EtlBackfill", ("given", source));

    private static void AssertRefused(string code, ModuleResult result)
    {
        var error = Assert.Single(result.Errors);
        Assert.Equal($"EtlPs.{code}", error.Id());
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
    }
}
