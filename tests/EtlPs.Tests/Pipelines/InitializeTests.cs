using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class InitializeTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_DBA_initializes_a_role_that_owns_nothing_runs()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("CREATE SCHEMA hidden; ALTER TABLE orders SET SCHEMA hidden", Token);
        var role = $"r_{shop.Pipeline}";
        var operatorSource = await shop.Database.Server.CreateRoleAsync(
            role, "secret-1", "", shop.Database.Name, Token);

        shop.Run(
            """
            $null = New-EtlPipeline $name $given $file -Publication "etlps_$name" -Table public.customers, hidden.orders
            Initialize-EtlPipeline $name -Source $source -Role $role
            """,
            ("given", operatorSource), ("role", role)).WithoutErrors();
        var copied = shop.Run("Start-EtlStream $name -UntilCaughtUp").WithoutErrors();

        Assert.Equal("CaughtUp", copied.Output.Single().Text("EndedBy"));
        Assert.Equal(100, shop.Count("customers"));
    }

    [Fact]
    public async Task What_is_there_is_left_alone_and_what_is_missing_is_added()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var publication = $"etlps_{shop.Pipeline}";
        await shop.Database.ExecuteAsync($"""CREATE PUBLICATION "{publication}" FOR TABLE customers""", Token);
        shop.Defined();

        var missing = shop.Run("Initialize-EtlPipeline $name -AsScript").WithoutErrors().Output;
        var unchanged = await PublishedAsync(shop);
        var made = shop.Run("Initialize-EtlPipeline $name").WithoutErrors();
        var again = shop.Run("(Initialize-EtlPipeline $name -WhatIf).Effects; Initialize-EtlPipeline $name")
            .WithoutErrors();

        Assert.Equal($"""ALTER PUBLICATION "{publication}" ADD TABLE ONLY "public"."orders";""", missing.Single().BaseObject);
        Assert.Equal("customers", unchanged);
        Assert.Contains("Add 1 tables", $"{made.Information.Single()}", StringComparison.Ordinal);
        Assert.Empty(again.Output);
        Assert.Empty(again.Information);
        Assert.Equal("customers,orders", await PublishedAsync(shop));
    }

    [Fact]
    public async Task WhatIf_shows_all_statements_and_changes_nothing()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        var role = $"r_{shop.Pipeline}";
        await shop.Database.Server.CreateRoleAsync(role, "secret-1", "", shop.Database.Name, Token);

        var plan = shop.Run("Initialize-EtlPipeline $name -Role $role -WhatIf", ("role", role)).WithoutErrors();

        var statements = ((object[])plan.Output.Single().Properties["Effects"].Value)
            .Select(e => e.AsObject().Text("Statement")).ToList();
        Assert.Equal(3, statements.Count);
        Assert.StartsWith($"CREATE PUBLICATION \"etlps_{shop.Pipeline}\"", statements[0], StringComparison.Ordinal);
        Assert.Equal($"ALTER ROLE \"{role}\" REPLICATION", statements[1]);
        Assert.Equal($"GRANT SELECT ON \"public\".\"customers\", \"public\".\"orders\" TO \"{role}\"", statements[2]);
        Assert.Equal(0L, await shop.PublicationsAsync());
        Assert.False(await shop.Database.ScalarAsync<bool>(
            $"SELECT rolreplication FROM pg_roles WHERE rolname = '{role}'", Token));
    }

    [Fact]
    public async Task A_role_without_rights_another_database_and_an_unknown_role_are_told()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        var source = await shop.Database.Server.CreateRoleAsync(
            $"r_{shop.Pipeline}", "secret-1", "", shop.Database.Name, Token);
        await shop.Database.ExecuteAsync($"""GRANT SELECT ON ALL TABLES IN SCHEMA public TO "r_{shop.Pipeline}" """, Token);

        var unable = shop.Run("Initialize-EtlPipeline $name -Source $given", ("given", source));
        var elsewhere = shop.Run(
            "Initialize-EtlPipeline $name -Source $given", ("given", shop.Database.Server.ConnectionString()));
        var unknown = shop.Run("Initialize-EtlPipeline $name -Role nobody");

        Assert.Equal("EtlPs.PermissionDenied", unable.Errors.Single().Id());
        Assert.Equal("EtlPs.InvalidArgument", elsewhere.Errors.Single().Id());
        Assert.Equal("EtlPs.InvalidArgument", unknown.Errors.Single().Id());
        Assert.Equal(0L, await shop.PublicationsAsync());
    }

    [Fact]
    public async Task A_script_comes_with_the_warning_that_the_server_cannot_stream_yet()
    {
        await using var server = await PostgresServer.StartAsync(
            new PostgresServerOptions { Settings = new Dictionary<string, string> { ["wal_level"] = "replica" } },
            Token);
        await server.ExecuteAsync("postgres", "CREATE TABLE t (id int PRIMARY KEY)", Token);
        await using var host = Testing.PowerShellHost.ModuleHost.Create();

        var script = host.Run(
            "$null = New-EtlPipeline shop $source ':memory:'; Initialize-EtlPipeline shop -AsScript",
            ("source", server.ConnectionString()))
            .WithoutErrors();

        Assert.Contains("CREATE PUBLICATION", $"{script.Output.Single()}", StringComparison.Ordinal);
        Assert.Contains("wal_level", script.Warnings.Single(), StringComparison.Ordinal);
    }

    private static Task<string> PublishedAsync(Shop shop) => shop.Database.ScalarAsync<string>(
        "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_publication_tables WHERE pubname = "
        + $"'etlps_{shop.Pipeline}'", Token);
}
