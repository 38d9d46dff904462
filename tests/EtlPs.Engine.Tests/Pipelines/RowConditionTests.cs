using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>One-off copies of some of a table's rows.</summary>
public sealed class RowConditionTests(ServerPool pool)
{
    private const string Tables = """
        CREATE TABLE t (id int PRIMARY KEY, kind text, n int); CREATE TABLE u (id int PRIMARY KEY);
        CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (50);
        CREATE TABLE p2 (v text, id int NOT NULL); ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (50) TO (200);
        INSERT INTO t SELECT g, CASE WHEN g % 3 = 0 THEN 'in' END, g % 7 FROM generate_series(1, 90) g;
        INSERT INTO u SELECT generate_series(1, 5); INSERT INTO p SELECT g, 'v' FROM generate_series(1, 99) g;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_the_rows_for_which_a_condition_is_true_are_copied_and_tables_without_one_whole()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        var options = Where(("public.t", "kind = 'in' OR n = 6 -- and no more"), ("\"p\"", "id BETWEEN 40 AND 60"));
        var plan = await scenario.Pipeline().PlanBackfillAsync(options, Token);
        Assert.Contains(plan.Effects, e => e.Action.Contains("of 2 only the rows", StringComparison.Ordinal));
        await scenario.BackfillAsync(options);
        await scenario.AssertSameAsync(
            "SELECT concat_ws('|', id, kind, n) FROM t WHERE kind = 'in' OR n = 6",
            "SELECT concat_ws('|', id, kind, n) FROM t");
        await scenario.AssertSameAsync("SELECT id::text FROM p WHERE id BETWEEN 40 AND 60", "SELECT id::text FROM p");
        await scenario.AssertSameAsync("SELECT id::text FROM u", "SELECT id::text FROM u");
    }

    [Fact]
    public async Task A_copy_that_was_cut_off_goes_on_with_the_condition_that_it_was_begun_with()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        using var stop = new CancellationTokenSource();
        var cut = new FaultAction(FaultPoint.RangeAppended, () =>
        {
            stop.Cancel();
            stop.Token.ThrowIfCancellationRequested();
        });
        var options = Where(("t", "kind = 'in'"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => scenario.Pipeline(cut).BackfillAsync(options, scenario, stop.Token));
        var other = await Assert.ThrowsAsync<EtlException>(() => scenario.BackfillAsync(Where(("t", "n = 1"))));
        Assert.Equal(EtlErrorCode.InvalidArgument, other.Code);
        Assert.Contains("-Restart", other.Remedy, StringComparison.Ordinal);
        await scenario.BackfillAsync(new BackfillOptions { SnapshotOnly = true });
        await scenario.AssertSameAsync("SELECT id::text FROM t WHERE kind = 'in'", "SELECT id::text FROM t");
        await scenario.BackfillAsync(Where(("t", "n = 1")) with { Restart = true });
        await scenario.AssertSameAsync("SELECT id::text FROM t WHERE n = 1", "SELECT id::text FROM t");
    }

    [Fact]
    public async Task A_table_that_is_copied_again_keeps_its_condition()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync(Where(("t", "kind = 'in'")));
        await scenario.ExecuteAsync("INSERT INTO t VALUES (300, 'in', 1), (301, 'out', 1)");
        await scenario.Pipeline().ResetAsync(["t"], scenario, Token);
        await scenario.AssertSameAsync("SELECT id::text FROM t WHERE kind = 'in'", "SELECT id::text FROM t");
    }

    [Theory]
    [InlineData("nothing = 1")]
    [InlineData("id")]
    [InlineData("id = ")]
    [InlineData("n = 1) OR (n = 2")]
    [InlineData("true THEN true END OR CASE WHEN n = 1")]
    [InlineData("true; DROP TABLE u")]
    [InlineData("/* id = 1")]
    [InlineData("id = $1")]
    [InlineData("count(*) > 1")]
    [InlineData("1 / (n - n) = 1")]
    [InlineData("n = (SELECT id FROM public.u)")]
    public async Task A_condition_that_Postgres_refuses_sets_its_table_aside(string condition)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        var results = await scenario.BackfillAsync(Where(("t", condition)));
        var aside = Assert.Single(results, r => r.State == TableState.SetAside);
        Assert.Equal("t", aside.Source.Name);
        Assert.NotEmpty(aside.Error!.Remedy);
        await scenario.AssertSameAsync("SELECT id::text FROM u", "SELECT id::text FROM u");
    }

    [Fact]
    public async Task A_condition_that_Postgres_refuses_is_shown_by_the_plan()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        var plan = await scenario.Pipeline().PlanBackfillAsync(Where(("t", "nothing = 1")), Token);
        var problem = Assert.Single(plan.Tables, t => t.Problem is not null).Problem!;
        Assert.Equal((EtlErrorCode.InvalidArgument, "public.t"), (problem.Code, problem.Subject));
        Assert.Contains("nothing", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x", "true", EtlErrorCode.TableNotFound)]
    [InlineData("*", "true", EtlErrorCode.InvalidArgument)]
    [InlineData("t", " ", EtlErrorCode.InvalidArgument)]
    public async Task A_condition_for_no_table_or_for_none_in_particular_is_refused(
        string table, string sql, EtlErrorCode code)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        var error = await Assert.ThrowsAsync<EtlException>(() => scenario.BackfillAsync(Where((table, sql))));
        Assert.Equal(code, error.Code);
        Assert.False(File.Exists(scenario.File));
    }

    [Fact]
    public async Task A_condition_for_a_copy_that_a_stream_could_follow_is_refused()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        var error = await Assert.ThrowsAsync<EtlException>(
            () => scenario.BackfillAsync(Where(("t", "n = 1")) with { SnapshotOnly = false }));
        Assert.Equal(EtlErrorCode.InvalidArgument, error.Code);
        Assert.Contains("-SnapshotOnly", error.Remedy, StringComparison.Ordinal);
        Assert.Equal(0L, await scenario.ScalarAsync<long>("SELECT count(*) FROM pg_publication"));
    }

    private static BackfillOptions Where(params (string Table, string Sql)[] conditions) =>
        new() { SnapshotOnly = true, Conditions = conditions.ToDictionary(c => c.Table, c => c.Sql) };
}
