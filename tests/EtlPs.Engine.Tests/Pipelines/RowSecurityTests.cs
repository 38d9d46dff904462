using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Row security hides rows from a copy and from no stream: a copy that it would make smaller is not made.
/// </summary>
public sealed class RowSecurityTests(ServerPool pool)
{
    // The larger one is copied first.
    private const string Tables = """
        CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY, tenant text);
        INSERT INTO t SELECT generate_series(1, 5000); INSERT INTO u VALUES (1, 'mine'), (2, 'yours');
        """;

    private const string Policy =
        "CREATE POLICY p ON u USING (tenant = 'mine'); ALTER TABLE u ENABLE ROW LEVEL SECURITY;";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_table_whose_rows_are_hidden_from_the_role_is_refused_until_the_role_is_exempt(bool snapshotOnly)
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, Tables + Policy + "CREATE PUBLICATION dba FOR TABLE t, u");
        await using var role = await RestrictedRole.CreateAsync(scenario, "t, u");
        var pipeline = role.Pipeline(new NoFaults());
        var options = new BackfillOptions { SnapshotOnly = snapshotOnly };
        var planned = await Assert.ThrowsAsync<EtlException>(() => pipeline.PlanBackfillAsync(options, Token));
        var error = await Assert.ThrowsAsync<EtlException>(() => pipeline.BackfillAsync(options, scenario, Token));
        Assert.Equal((EtlErrorCode.PermissionDenied, "public.u"), (error.Code, error.Subject));
        Assert.Equal(planned.Message, error.Message);
        Assert.Contains("Row security", error.Message, StringComparison.Ordinal);
        Assert.Contains("BYPASSRLS", error.Remedy, StringComparison.Ordinal);
        Assert.False(File.Exists(scenario.File));

        await scenario.ExecuteAsync($"ALTER ROLE {role.Name} BYPASSRLS");
        await pipeline.BackfillAsync(options, scenario, Token);
        await scenario.AssertEqualAsync();
        if (snapshotOnly) return;
        await scenario.ExecuteAsync("INSERT INTO u VALUES (3, 'yours'); UPDATE u SET tenant = 'his' WHERE id = 1");
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertEqualAsync();
        await pipeline.RemoveAsync(scenario, Token);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rights_to_each_column_are_the_right_to_copy_the_table(bool snapshotOnly)
    {
        await using var scenario = await Scenario.CreateAsync(pool, """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
            CREATE TABLE p0 PARTITION OF p DEFAULT; INSERT INTO t SELECT g, 'v' FROM generate_series(1, 500) g;
            INSERT INTO p TABLE t;
            CREATE PUBLICATION dba FOR TABLE t, p WITH (publish_via_partition_root);
            """);
        await using var role = await RestrictedRole.CreateAsync(scenario, "pg_class");
        await scenario.ExecuteAsync($"GRANT SELECT (id, v) ON t, p TO {role.Name}");
        var pipeline = new Pipeline(role.Definition with { Tables = ["t", "p"] });

        var results = await pipeline.BackfillAsync(
            new BackfillOptions { SnapshotOnly = snapshotOnly }, scenario, Token);

        Assert.All(results, r => Assert.Equal((TableState.Ready, 500L), (r.State, r.Rows)));
        await scenario.AssertEqualAsync();
        await pipeline.RemoveAsync(scenario, Token);
    }

    [Fact]
    public async Task An_owner_who_is_not_exempt_either_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables + Policy);
        await using var role = await RestrictedRole.CreateAsync(scenario, "t, u");
        await scenario.ExecuteAsync($"""
            ALTER TABLE t OWNER TO {role.Name}; ALTER TABLE u OWNER TO {role.Name};
            ALTER TABLE u FORCE ROW LEVEL SECURITY;
            GRANT CREATE ON DATABASE "{scenario.Database.Name}" TO {role.Name}
            """);
        var pipeline = new Pipeline(role.Definition with { Publication = null });
        var error = await Assert.ThrowsAsync<EtlException>(
            () => pipeline.BackfillAsync(new BackfillOptions(), scenario, Token));
        Assert.Equal((EtlErrorCode.PermissionDenied, "public.u"), (error.Code, error.Subject));
        Assert.Equal(0L, await scenario.ScalarAsync<long>("SELECT count(*) FROM pg_publication"));
        // An owner is exempt unless the table says otherwise.
        await scenario.ExecuteAsync("ALTER TABLE u NO FORCE ROW LEVEL SECURITY");
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.AssertEqualAsync();
        await pipeline.RemoveAsync(scenario, Token);
    }

    [Fact]
    public async Task Row_security_that_comes_between_the_checks_and_the_copy_sets_its_table_aside_and_copies_nothing_of_it()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables + "CREATE PUBLICATION dba FOR TABLE t, u");
        await using var role = await RestrictedRole.CreateAsync(scenario, "t, u");
        var meanwhile = new FaultAction(
            FaultPoint.RangeAppended, () => scenario.ExecuteAsync(Policy).GetAwaiter().GetResult());
        var pipeline = role.Pipeline(meanwhile);
        var results = await pipeline.BackfillAsync(new BackfillOptions { Workers = 1 }, scenario, Token);
        var aside = Assert.Single(results, r => r.State == TableState.SetAside);
        Assert.Equal(("u", EtlErrorCode.PermissionDenied), (aside.Source.Name, aside.Error!.Code));
        Assert.NotEmpty(aside.Error.Remedy);
        var copied = await pipeline.QueryAsync(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'public' ORDER BY 1", Token);
        Assert.Equal(["t"], copied.Rows.Select(r => r[0]));
        await pipeline.RemoveAsync(scenario, Token);
    }
}
