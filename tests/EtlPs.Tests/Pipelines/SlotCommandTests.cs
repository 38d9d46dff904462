using System.Management.Automation;
using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class SlotCommandTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Slots_are_listed_with_the_pipelines_that_they_belong_to()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        await MakeSlotAsync(shop, $"etlps_z_{shop.Pipeline}"[..20], "pgoutput");
        await MakeSlotAsync(shop, $"x_{shop.Pipeline}"[..20], "test_decoding");

        var slots = shop.Run("Get-EtlSlot $source | Where-Object { $_.Database -eq $database }", ("database", shop.Database.Name))
            .WithoutErrors().Output.ToDictionary(slot => slot.Text("SlotName")!);
        var piped = shop.Run("(Get-EtlPipeline $name | Get-EtlSlot).SlotName").WithoutErrors().Output.Single();

        Assert.Equal(3, slots.Count);
        var own = slots[$"etlps_{shop.Pipeline}"];
        Assert.Equal((shop.Pipeline, "True", "False"), (own.Text("Pipeline"), own.Text("Defined"), own.Text("Active")));
        Assert.True((long)own.Properties["RetainedBytes"].Value >= 0);
        var orphan = slots[$"etlps_z_{shop.Pipeline}"[..20]];
        Assert.Equal((orphan.Text("SlotName")![6..], "False"), (orphan.Text("Pipeline"), orphan.Text("Defined")));
        Assert.Null(slots[$"x_{shop.Pipeline}"[..20]].Text("Pipeline"));
        Assert.Equal($"etlps_{shop.Pipeline}", piped.BaseObject);
    }

    [Fact]
    public async Task An_orphan_is_dropped_and_what_is_not_ours_or_in_use_only_by_force()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        var orphan = $"etlps_o_{shop.Pipeline}"[..20];
        var foreign = $"x_{shop.Pipeline}"[..20];
        await MakeSlotAsync(shop, orphan, "pgoutput");
        await MakeSlotAsync(shop, foreign, "test_decoding");
        shop.Run("Start-EtlBackfill $name; $job = Start-EtlStream $name -ReconnectTimeout 0 -AsJob").WithoutErrors();
        await shop.SlotBecomesAsync(active: true, Token);

        var previewed = shop.Run("Remove-EtlSlot $source $slot -WhatIf", ("slot", orphan)).WithoutErrors();
        var dropped = shop.Run("Get-EtlSlot $source $slot | Remove-EtlSlot -Confirm:$false").WithoutErrors();
        var refused = shop.Run("Remove-EtlSlot $source $slot -Confirm:$false", ("slot", foreign));
        var inUse = shop.Run("Remove-EtlSlot $source etlps_$name -Confirm:$false");
        shop.Run("Remove-EtlSlot $source $slot, etlps_$name -Force -Confirm:$false").WithoutErrors();
        var job = shop.Run("$job | Wait-Job | Receive-Job");
        var missing = shop.Run("Remove-EtlSlot $source $slot, nosuch* -Confirm:$false");

        Assert.Contains("What if:", previewed.HostText, StringComparison.Ordinal);
        Assert.Empty(dropped.Output);
        Assert.Equal("EtlPs.SlotNotOrphaned", refused.Errors.Single().Id());
        Assert.Equal("EtlPs.SlotActive", inUse.Errors.Single().Id());
        Assert.NotEmpty(job.Errors);
        Assert.Equal(["EtlPs.SlotMissing", "EtlPs.SlotMissing"], missing.Errors.Select(e => e.Id()));
        Assert.Equal(0L, await CountAsync(shop));
    }

    [Fact]
    public async Task The_slot_of_a_pipeline_of_the_session_is_not_an_orphan()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var refused = shop.Run("Get-EtlPipeline $name | Remove-EtlSlot -Confirm:$false");

        Assert.Equal("EtlPs.SlotNotOrphaned", refused.Errors.Single().Id());
        Assert.Contains($"Remove-EtlPipeline {shop.Pipeline}", $"{refused.Errors.Single()}", StringComparison.Ordinal);
        Assert.Equal(1L, await shop.SlotsAsync());
    }

    [Fact]
    public async Task A_removal_asks_and_a_no_leaves_the_slot()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var orphan = $"etlps_o_{shop.Pipeline}"[..20];
        await MakeSlotAsync(shop, orphan, "pgoutput");

        shop.Session.Answer("n");
        var asked = shop.Run("Remove-EtlSlot $source $slot", ("slot", orphan)).WithoutErrors();

        Assert.Contains(orphan, asked.HostText, StringComparison.Ordinal);
        Assert.Equal(1L, await CountAsync(shop));
    }

    private static Task MakeSlotAsync(Shop shop, string name, string plugin) =>
        shop.Database.ExecuteAsync($"SELECT pg_create_logical_replication_slot('{name}', '{plugin}')", Token);

    private static Task<long> CountAsync(Shop shop) =>
        shop.Database.ScalarAsync<long>("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()", Token);
}
