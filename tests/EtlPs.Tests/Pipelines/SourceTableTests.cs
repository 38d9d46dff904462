using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

/// <summary>The tables of a source, and pipelines made of them.</summary>
public sealed class SourceTableTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tables_of_a_source_tell_rows_size_key_and_identity()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync(
            """
            CREATE SCHEMA stock; CREATE TABLE stock."Items" (b int, a int, PRIMARY KEY (a, b)); ANALYZE orders;
            CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
            CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
            INSERT INTO parts SELECT g, 'v' FROM generate_series(1, 300) g; ANALYZE parts_1;
            CREATE TABLE journal (what text); ALTER TABLE journal REPLICA IDENTITY FULL;
            """, Token);

        var tables = shop.Run("Get-EtlTable -Source $source").WithoutErrors().Output;

        Assert.Equal(
            ["public.customers", "public.journal", "public.orders", "public.parts", "stock.\"Items\""],
            tables.Select(t => t.Properties["Table"].Value));
        Assert.Equal([null, null, 5000L, 300L, null], tables.Select(t => t.Properties["Rows"].Value));
        Assert.Equal(
            ["id", "", "id", "id", "a b"], tables.Select(t => string.Join(' ', (string[])t.Properties["Key"].Value)));
        Assert.Equal(
            ["Default", "Full", "Default", "Default", "Default"],
                tables.Select(t => t.Properties["ReplicaIdentity"].Value));
        Assert.Equal("PartitionedTable", tables[3].Properties["Kind"].Value);
        Assert.Equal("stock", tables[4].Properties["Schema"].Value);
        Assert.All(tables, t => Assert.Equal(true, t.Properties["CanStream"].Value));
        Assert.All(tables, t => Assert.Null(t.Properties["Reason"].Value));
        Assert.True((long)tables[2].Properties["SizeBytes"].Value >= 5000 * 40);
        Assert.True((long)tables[3].Properties["SizeBytes"].Value > 0);
    }

    [Fact]
    public async Task What_cannot_be_streamed_says_why_and_what_to_do()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync(
            """
            CREATE TABLE keyless (n int); CREATE UNLOGGED TABLE quick (id int PRIMARY KEY);
            CREATE VIEW a_view AS SELECT 1 AS n;
            CREATE MATERIALIZED VIEW a_matview AS SELECT 1 AS n;
            CREATE TABLE twins (id int PRIMARY KEY, "ID" int); CREATE TABLE nothing (id int PRIMARY KEY);
            CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
            CREATE FOREIGN TABLE far (id int) SERVER s;
            ALTER TABLE nothing REPLICA IDENTITY NOTHING;
            """, Token);
        await using var other = await shop.Database.OpenAsync(Token);
        await using (var command = other.CreateCommand())
        {
            command.CommandText = "CREATE TEMPORARY TABLE fleeting (id int PRIMARY KEY)";
            await command.ExecuteNonQueryAsync(Token);
        }

        var tables = shop.Run("Get-EtlTable -Source $source | Where-Object { -not $_.CanStream }")
            .WithoutErrors().Output;
        var fleeting = shop.Run("Get-EtlTable -Source $source -Table pg_temp*.fleet*").WithoutErrors().Output.Single();

        var reasons = tables.Append(fleeting).ToDictionary(
            t => ((string)t.Properties["Table"].Value).Split('.')[1], t => (string)t.Properties["Reason"].Value);
        var expected = new Dictionary<string, string>
        {
            ["keyless"] = "replica identity", ["quick"] = "unlogged", ["a_view"] = "view",
                ["a_matview"] = "materialized",
            ["twins"] = "ignores case", ["nothing"] = "replica identity", ["far"] = "foreign",
            ["fleeting"] = "temporary",
        };
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), reasons.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, e => Assert.Contains(e.Value, reasons[e.Key], StringComparison.Ordinal));
        Assert.All(tables, t => Assert.NotEmpty((string)t.Properties["Remedy"].Value));
    }

    [Fact]
    public async Task Rights_that_the_role_lacks_are_told_table_by_table()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var role = $"role_{Guid.NewGuid():N}"[..20];
        var name = shop.Database.Name;
        var text = await shop.Database.Server.CreateRoleAsync(role, "secret", "", name, Token);
        await shop.Database.ExecuteAsync(
            $"""
            CREATE TABLE policed (id int PRIMARY KEY); ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
            CREATE TABLE own (id int PRIMARY KEY); ALTER TABLE own OWNER TO {role};
            GRANT SELECT ON policed, customers TO {role}; GRANT CREATE ON DATABASE "{name}" TO {role}
            """, Token);

        var tables = shop.Session.Run("Get-EtlTable -Source $as", ("as", text)).WithoutErrors().Output
            .ToDictionary(t => (string)t.Properties["Table"].Value, t => t.Properties["Reason"].Value as string);

        Assert.Null(tables["public.own"]);
        Assert.Contains("may not read", tables["public.orders"], StringComparison.Ordinal);
        Assert.Contains("Row security", tables["public.policed"], StringComparison.Ordinal);
        Assert.Contains("does not own", tables["public.customers"], StringComparison.Ordinal);
        await shop.Database.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}", Token);
    }

    [Fact]
    public async Task Tables_from_the_pipeline_make_one_pipeline_with_just_these()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync(
            """CREATE TABLE keyless (n int); CREATE TABLE "Odd *" ("Id" int PRIMARY KEY); INSERT INTO "Odd *" VALUES (1)""", Token);

        var pipeline = shop.Run(
            "Get-EtlTable -Source $source | Where-Object CanStream | New-EtlPipeline -Name $name -Source $source "
            + "-Destination $file")
            .WithoutErrors().Output.Single();
        var results = shop.Run("(Start-EtlStream $name -UntilCaughtUp).Backfilled").WithoutErrors().Output;
        var again = shop.Run("Get-EtlTable $name -Table o* | New-EtlPipeline again").WithoutErrors().Output.Single();
        var other = shop.Run(
            "Get-EtlTable -Source $source -Table ord* | New-EtlPipeline other -Destination ':memory:'")
            .WithoutErrors().Output.Single();
        var none = shop.Run(
            "Get-EtlTable -Source $source -Table zz* | New-EtlPipeline nothing $source ':memory:'; "
            + "Get-EtlPipeline nothing");

        string[] expected = ["public.\"Odd *\"", "public.customers", "public.orders"];
        Assert.Equal(expected, pipeline.Properties["Table"].Value);
        Assert.Equal(expected, results.Select(r => r.Properties["Table"].Value));
        Assert.Equal(new[] { "public.orders" }, again.Properties["Table"].Value);
        Assert.Equal(shop.File, again.Properties["Destination"].Value.ToString());
        Assert.Equal(new[] { "public.orders" }, other.Properties["Table"].Value);
        Assert.Empty(none.Output);
        Assert.Equal("EtlPs.PipelineNotFound", none.Errors.Single().Id());
    }

    [Fact]
    public async Task Definitions_from_the_pipeline_still_make_a_pipeline_each_and_tables_of_two_sources_none()
    {
        await using var shop = await Shop.OpenAsync(pool);

        var two = shop.Run(
            """
            @{ Name = 'one'; Table = 'a' }, @{ Name = 'two'; Table = 'b'; ExcludeTable = @() } | ForEach-Object { [pscustomobject]$_ } |
                New-EtlPipeline -Source $source -Destination ':memory:'
            """).WithoutErrors().Output;
        var named = shop.Run("[pscustomobject]@{ Source = $source; Destination = $file } | New-EtlPipeline named")
            .WithoutErrors().Output;
        var mixed = shop.Run(
            """
            $elsewhere = New-EtlSource db2 other
            @{ Table = 'a'; Source = $source }, @{ Table = 'b'; Source = $elsewhere } | ForEach-Object { [pscustomobject]$_ } |
                New-EtlPipeline mixed -Destination ':memory:'
            """);

        Assert.Equal(["one", "two"], two.Select(p => p.Properties["Name"].Value));
        Assert.Equal("named", named.Single().Properties["Name"].Value);
        Assert.Equal("EtlPs.InvalidArgument", mixed.Errors.Single().Id());
    }

    [Fact]
    public async Task A_source_that_cannot_be_asked_and_a_table_that_is_not_there_are_errors()
    {
        await using var shop = await Shop.OpenAsync(pool);

        Assert.Equal("EtlPs.TableNotFound", shop.Run("Get-EtlTable -Source $source -Table nothing").Errors.Single()
            .Id());
        Assert.Equal("EtlPs.InvalidArgument", shop.Run("Get-EtlTable -Source 'no connection'").Errors.Single().Id());
    }

    [Fact]
    public async Task Tables_of_a_source_are_shown_with_units_alive_and_deserialized_and_completed()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync("ANALYZE; CREATE TABLE keyless (n int)", Token);

        var text = shop.Run(
            """
            $tables = Get-EtlTable -Source $source
            $tables | Out-Host
            [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($tables)) | Out-Host
            """).WithoutErrors().HostText;
        var completed = shop.Run(
            """
            $line = "New-EtlPipeline shop -Source '$source' -Destination x -ExcludeTable public.o"
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText
            """).WithoutErrors().OutputOf<string>();

        Assert.Equal(2, text.Split("5,000").Length - 1);
        Assert.Contains("KB", text, StringComparison.Ordinal);
        Assert.Contains("replica identity", text, StringComparison.Ordinal);
        Assert.DoesNotContain("#ERR", text, StringComparison.Ordinal);
        Assert.Equal(["public.orders"], completed);
    }
}
