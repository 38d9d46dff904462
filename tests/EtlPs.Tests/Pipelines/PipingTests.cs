using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

/// <summary>What comes out of one cmdlet and goes into the next.</summary>
public sealed class PipingTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pipelines_of_one_name_that_are_not_the_same_are_each_run()
    {
        await using var shop = await Shop.OpenAsync(pool);

        var result = shop.Run(
            """
            $file, "$file.2" | ForEach-Object { [pscustomobject]@{ Name = $name; Source = $source; Destination = $_ } } |
                New-EtlPipeline -Table orders | Start-EtlBackfill -SnapshotOnly
            """);

        Assert.Equal(["Ready", "Ready"], result.WithoutErrors().Output.Select(table => table.Text("State")));
        Assert.True(File.Exists(shop.File) && File.Exists($"{shop.File}.2"));
    }

    [Theory]
    [InlineData("$null = Test-EtlPipeline -InputObject $one; $true")]
    [InlineData("Get-EtlTable -InputObject $one, $two; $true")]
    [InlineData("Stop-EtlPipeline -InputObject $one; $true")]
    [InlineData("$null = Invoke-EtlQuery -InputObject $one -Query 'SELECT 1'; $true")]
    public async Task Pipelines_are_given_on_the_command_line_too(string script)
    {
        await using var shop = await Shop.OpenAsync(pool);

        var result = shop.Run(
            $"""
            $one = New-EtlPipeline $name $source $file; $two = New-EtlPipeline two $source "$file.2"
            $null = $one | Start-EtlBackfill -SnapshotOnly
            {script}
            """).WithoutErrors();

        Assert.Contains(true, result.OutputOf<bool>());
    }

    [Fact]
    public async Task A_break_downstream_leaves_the_loop_around_it_and_is_no_error()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var told = shop.Run(
            """
            foreach ($n in 1, 2) { $n; Start-EtlBackfill $name 6>&1 | ForEach-Object { break } }
            foreach ($n in 3, 4) { $n; Start-EtlBackfill $name -Restart 6>&1 | ForEach-Object { continue } }
            (Get-EtlPipeline $name).Running
            """).WithoutErrors();

        Assert.Equal([1, 3, 4, false], told.Output.Select(value => value.BaseObject));
    }

    [Fact]
    public async Task A_break_at_the_first_change_ends_a_watch_and_leaves_nothing_of_it()
    {
        await using var shop = await Shop.OpenAsync(pool);

        var watching = shop.Session.RunAsync(
            "foreach ($n in 1, 2) { Watch-EtlChange -Source $source -Timeout 300 | ForEach-Object { $seen = $_; "
            + "break } }; $n; $seen.Table",
            Token);
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync("DELETE FROM orders WHERE id = 1", Token);

        Assert.Equal([1, "public.orders"], (await watching).WithoutErrors().Output.Select(value => value.BaseObject));
        await shop.WatchLeavesNothingAsync(Token);
    }

    [Fact]
    public async Task A_job_goes_on_to_what_takes_pipelines()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var ready = shop.Run("Start-EtlStream $name -AsJob | Wait-EtlPipeline -Timeout 300").WithoutErrors();
        shop.Run("Get-Job | Stop-EtlPipeline; Get-Job -Name $name | Wait-EtlPipeline -State Stopped -Timeout 300")
            .WithoutErrors();

        Assert.Equal(shop.Pipeline, ready.Output.Single().Text("Name"));
    }

    [Fact]
    public async Task Slots_go_on_to_their_lag_whether_their_pipelines_are_defined_here_or_not()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        var orphan = $"etlps_o_{shop.Pipeline}"[..20];
        foreach (var slot in new[] { orphan, $"x_{shop.Pipeline}"[..20] })
            await shop.Database.ExecuteAsync($"SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')", Token);
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var lags = shop.Run(
            "Get-EtlSlot $source | Where-Object { $_.Database -eq $database } | Get-EtlSlotLag",
            ("database", shop.Database.Name))
            .WithoutErrors().Output;

        Assert.Equal(3, lags.Count);
        Assert.Equal(
            [orphan[6..], shop.Pipeline, null], lags.OrderBy(lag => lag.Text("SlotName") == orphan ? 0 : 1)
                .ThenBy(lag => lag.Text("SlotName"), StringComparer.Ordinal).Select(lag => lag.Text("Name")));
    }

    [Fact]
    public async Task A_wait_begins_when_its_first_pipeline_comes()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var waited = shop.Run(
            """
            & { $begun = [DateTime]::UtcNow; do { } until (([DateTime]::UtcNow - $begun).TotalSeconds -ge 1); $name } |
                Wait-EtlPipeline -State Stopped -Timeout 1
            """).WithoutErrors();

        Assert.Single(waited.Output);
    }

    [Theory]
    [InlineData("60.00:00:00")]
    [InlineData("([TimeSpan]::MaxValue)")]
    public async Task A_time_may_be_longer_than_a_timer_takes(string time)
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var streamed = shop.Run($"Start-EtlStream $name -UntilCaughtUp -Duration {time}").WithoutErrors();
        var waited = shop.Run($"Wait-EtlPipeline $name -Timeout {time}").WithoutErrors();
        var watched = shop.Run($"Watch-EtlChange $name -UntilLsn 0/1 -Timeout {time}").WithoutErrors();
        var refused = shop.Run($"Get-EtlSlotLag $name -RefreshInterval {time}");

        Assert.Equal("CaughtUp", streamed.Output.Single().Text("EndedBy"));
        Assert.Single(waited.Output);
        Assert.Empty(watched.Output);
        Assert.Equal("EtlPs.InvalidArgument", refused.Errors.Single().Id());
    }
}
