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

        var slots = shop.Run(
            "Get-EtlSlot $source | Where-Object { $_.Database -eq $database }", ("database", shop.Database.Name))
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
        var lagging = shop.Run("Get-EtlSlotLag -Source $source -SlotName $slot | Remove-EtlSlot -WhatIf")
            .WithoutErrors();
        var dropped = shop.Run("Get-EtlSlot $source $slot | Remove-EtlSlot -Confirm:$false").WithoutErrors();
        var refused = shop.Run("Remove-EtlSlot $source $slot -Confirm:$false", ("slot", foreign));
        var inUse = shop.Run("Remove-EtlSlot $source etlps_$name -Confirm:$false");
        shop.Run("Remove-EtlSlot $source $slot, etlps_$name -Force -Confirm:$false").WithoutErrors();
        var job = shop.Run("$job | Wait-Job | Receive-Job");
        var missing = shop.Run("Remove-EtlSlot $source $slot, nosuch* -Confirm:$false");

        Assert.Contains("What if:", previewed.HostText, StringComparison.Ordinal);
        Assert.Contains(orphan, lagging.HostText, StringComparison.Ordinal);
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
    public async Task A_slot_belongs_to_the_pipeline_by_whatever_name_its_server_goes_and_not_to_one_of_another_server()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        await using var servers = new ServerPool();
        await using var elsewhere = await servers.CreateDatabaseAsync();
        await elsewhere.ExecuteAsync(
            $"SELECT pg_create_logical_replication_slot('etlps_{shop.Pipeline}', 'pgoutput')", Token);
        (string, object?)[] sources =
            [("alias", $"{shop.Database.ConnectionString};Host=localhost"), ("elsewhere", elsewhere.ConnectionString)];

        var found = shop.Run(
            "(Get-EtlSlot $alias etlps_$name).Defined; (Get-EtlSlot $elsewhere etlps_$name).Defined", sources);
        var refused = shop.Run("Remove-EtlSlot $alias etlps_$name -Confirm:$false");
        shop.Run("Remove-EtlSlot $elsewhere etlps_$name -Confirm:$false").WithoutErrors();

        Assert.Equal([true, false], found.WithoutErrors().Output.Select(o => (bool)o.BaseObject));
        Assert.Equal("EtlPs.SlotNotOrphaned", refused.Errors.Single().Id());
        Assert.Equal(1L, await shop.SlotsAsync());
    }

    [Fact]
    public async Task A_slot_counts_as_the_pipelines_whose_source_does_not_tell_its_identity()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var away = $"away_{shop.Pipeline}"[..20];
        await MakeSlotAsync(shop, $"etlps_{away}", "pgoutput");
        shop.Run(
            "$null = New-EtlPipeline $away 'Host=127.0.0.1;Port=1;Database=x;Username=y' ':memory:'", ("away", away))
            .WithoutErrors();

        var refused = shop.Run("Remove-EtlSlot $source etlps_$away -Confirm:$false");

        Assert.Equal("EtlPs.SlotNotOrphaned", refused.Errors.Single().Id());
        Assert.Contains(away, Assert.Single(refused.Warnings), StringComparison.Ordinal);
        Assert.Equal(1L, await CountAsync(shop));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Force_ends_no_session_but_the_one_that_was_shown(bool streams)
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        if (streams)
        {
            shop.Run("$null = Start-EtlStream $name -AsJob").WithoutErrors();
            await shop.SlotBecomesAsync(active: true, Token);
        }

        // What was shown is written before anything is done about it, and the writing waits for the script.
        var refused = shop.Run(
            """
            Remove-EtlSlot $source etlps_$name -Force -Confirm:$false -Verbose 4>&1 | ForEach-Object {
                if (-not $shown) {
                    $shown = $_.Message
                    Stop-EtlPipeline $name
                    do { $slot = Get-EtlSlot $source etlps_$name } while ($slot.Active)
                    $null = Start-EtlStream $name -AsJob
                    do { $slot = Get-EtlSlot $source etlps_$name } until ($slot.Active)
                }
            }
            $shown; $slot.ActivePid; (Get-EtlSlot $source etlps_$name).ActivePid
            """);

        Assert.Equal("EtlPs.SlotActive", refused.Errors.Single().Id());
        Assert.Contains("pg_drop_replication_slot", $"{refused.Output[0]}", StringComparison.Ordinal);
        Assert.Equal(refused.Output[1].BaseObject, refused.Output[2].BaseObject);
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
        shop.Database.ScalarAsync<long>(
            "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()", Token);
}
