using System.Management.Automation;
using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class BackfillCommandTests(ServerPool pool)
{
    [Fact]
    public async Task A_backfill_returns_one_result_for_each_table_and_the_copy_can_be_asked()
    {
        await using var shop = await Shop.OpenAsync(pool);

        var results = shop.Run("New-EtlPipeline $name $source $file | Start-EtlBackfill").WithoutErrors().Output;

        Assert.Equal(
            ["public.customers", "public.orders"], results.Select(r => (string)r.Properties["Table"].Value).Order());
        Assert.Equal([100L, 5000L], results.Select(r => (long)r.Properties["Rows"].Value).Order());
        Assert.All(results, r => Assert.Equal(shop.Pipeline, r.Properties["Name"].Value));
        Assert.All(results, r => Assert.True((bool)r.Properties["Copied"].Value));
        Assert.Equal(5000, shop.Count("orders"));
        Assert.Equal(1, await shop.SlotsAsync());
    }

    [Fact]
    public async Task Tables_that_are_copied_are_not_copied_again_unless_with_Restart()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var again = shop.Run("Start-EtlBackfill $name").WithoutErrors().Output;
        var anew = shop.Run("Start-EtlBackfill $name -Restart").WithoutErrors().Output;

        Assert.All(again, r => Assert.False((bool)r.Properties["Copied"].Value));
        Assert.All(anew, r => Assert.True((bool)r.Properties["Copied"].Value));
    }

    [Fact]
    public async Task WhatIf_returns_the_plan_and_changes_nothing_on_either_side()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var result = shop.Run("Start-EtlBackfill $name -WhatIf; Start-EtlStream $name -AsJob -WhatIf; Get-Job")
            .WithoutErrors();

        Assert.Equal(["Backfill", "Stream"], result.Output.Select(plan => plan.Properties["Operation"].Value));
        var effects = (object[])result.Output[0].Properties["Effects"].Value;
        Assert.Contains(
            effects, effect => $"{effect}".StartsWith("Create logical replication slot", StringComparison.Ordinal));
        Assert.Contains($"etlps_{shop.Pipeline}", result.HostText, StringComparison.Ordinal);
        Assert.False(File.Exists(shop.File));
        Assert.Equal(0, await shop.SlotsAsync());
        Assert.Equal(0, await shop.PublicationsAsync());
    }

    [Fact]
    public async Task A_step_that_is_not_agreed_to_leaves_everything_as_it_is()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Session.Answer("L");

        var result = shop.Run("Start-EtlBackfill $name -Confirm");

        Assert.Empty(result.Output);
        Assert.Equal(0, await shop.SlotsAsync());
    }

    [Fact]
    public async Task Progress_has_a_parent_for_the_pipeline_and_a_child_for_each_table_and_all_end()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var progress = shop.Run("Start-EtlBackfill $name").WithoutErrors().Progress;

        var activities = progress.GroupBy(record => record.ActivityId).ToList();
        Assert.Contains(
            progress, record => record.ParentActivityId < 0 && record.Activity == $"Backfill of {shop.Pipeline}");
        Assert.Contains(progress, record => record.ParentActivityId > 0 && record.Activity == "public.orders");
        Assert.All(activities, records => Assert.Equal(ProgressRecordType.Completed, records.Last().RecordType));
    }

    [Fact]
    public async Task A_throw_downstream_brings_the_engine_to_rest()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var broken = shop.Run("Start-EtlBackfill $name | . { process { throw 'enough' } }");
        var after = shop.Run("Start-EtlBackfill $name; (Get-EtlPipeline $name).Running").WithoutErrors();

        Assert.Equal("enough", broken.TerminatingError?.Exception.Message);
        Assert.Equal(false, after.Output[^1].BaseObject);
    }

    [Fact]
    public async Task Removing_asks_first_then_drops_slot_and_publication_and_keeps_the_tables()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var plan = shop.Run("Remove-EtlPipeline $name -WhatIf").WithoutErrors();
        Assert.Equal("Remove", plan.Output.Single().Properties["Operation"].Value);
        Assert.Equal(1, await shop.SlotsAsync());

        shop.Run("Get-EtlPipeline $name | Remove-EtlPipeline -Confirm:$false").WithoutErrors();
        Assert.Equal(0, await shop.SlotsAsync());
        Assert.Equal(0, await shop.PublicationsAsync());
        Assert.Empty(shop.Run("Get-EtlPipeline").WithoutErrors().Output);
    }

    [Fact]
    public async Task A_snapshot_only_copy_makes_neither_slot_nor_publication()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var results = shop.Run("Start-EtlBackfill $name -SnapshotOnly -ThrottleLimit 2").WithoutErrors().Output;
        var stream = shop.Run("Start-EtlStream $name -UntilCaughtUp");

        Assert.All(results, r => Assert.Null(r.Properties["Lsn"].Value));
        Assert.Equal(0, await shop.SlotsAsync());
        Assert.Equal(0, await shop.PublicationsAsync());
        Assert.Equal("EtlPs.SnapshotOnlyCopy", stream.Errors.Single().Id());
    }
}
