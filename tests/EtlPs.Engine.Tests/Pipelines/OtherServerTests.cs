using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>A pipeline that is begun anew against another server.</summary>
public sealed class OtherServerTests(ServerPool pool)
{
    private const string Table = "CREATE TABLE t (id int PRIMARY KEY)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_restart_leaves_behind_at_the_server_before_is_told_by_plan_and_run(bool snapshotOnly)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Table);
        // A cluster of an encoding of its own: the others are copies of one, and bear its system identifier.
        await using var other = await PostgresServer.StartAsync(
            new PostgresServerOptions { Encoding = "SQL_ASCII" }, Token);
        var name = scenario.Database.Name;
        await other.CreateDatabaseAsync(name, Token);
        await other.ExecuteAsync(name, Table, Token);
        await scenario.BackfillAsync();
        var pipeline = new Pipeline(
            scenario.Definition() with { Source = SourceSettings.Parse(other.ConnectionString(name)) });
        var again = new BackfillOptions { Restart = true, SnapshotOnly = snapshotOnly };

        var plan = await pipeline.PlanBackfillAsync(again, Token);
        await pipeline.BackfillAsync(again, scenario, Token);

        var identifier = await scenario.ScalarAsync<string>("SELECT system_identifier::text FROM pg_control_system()");
        var told = Assert.Single(plan.Warnings, w => w.Contains(identifier, StringComparison.Ordinal));
        Assert.Contains(
            $"pg_drop_replication_slot('{scenario.Definition().EffectiveSlotName}')", told, StringComparison.Ordinal);
        Assert.Contains($"DROP PUBLICATION IF EXISTS \"{scenario.Definition().EffectivePublication}\"", told,
            StringComparison.Ordinal);
        Assert.Contains(scenario.Events, e => e is Milestone { Level: MilestoneLevel.Warning } m && m.Message == told);
        var same = await scenario.Pipeline().PlanBackfillAsync(again, Token);
        Assert.DoesNotContain(same.Warnings, w => w.Contains(identifier, StringComparison.Ordinal));
    }
}
