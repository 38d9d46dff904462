using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class WaitTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pipeline_is_waited_for_until_it_is_ready_and_until_a_position_is_stored()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var ready = shop.Run("$job = Start-EtlStream $name -AsJob; Wait-EtlPipeline $name -Timeout 60")
            .WithoutErrors().Output.Single();
        await shop.Database.ExecuteAsync("INSERT INTO customers VALUES (1000, 'late')", Token);
        var lsn = await shop.Database.ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text", Token);
        var there = shop.Run("Get-EtlPipeline $name | Wait-EtlPipeline -Lsn $lsn -Timeout 60", ("lsn", lsn))
            .WithoutErrors();

        Assert.All(
            (object[])ready.Properties["Tables"].Value, table => Assert.Equal("Ready", table.AsObject().Text("State")));
        Assert.Equal(101, shop.Count("customers"));
        Assert.Equal(shop.Pipeline, there.Output.Single().Text("Name"));
        shop.Run(
            "Wait-EtlPipeline $name -State Running -Timeout 60; Stop-EtlPipeline $name; "
            + "Wait-EtlPipeline $name -State Stopped -Timeout 60")
            .WithoutErrors();
    }

    [Fact]
    public async Task What_is_not_there_in_time_is_an_error_of_its_pipeline()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var result =
            shop.Run("Wait-EtlPipeline $name -Timeout 0.3; Wait-EtlPipeline $name -State Running -Timeout 0.1; 'on'");

        Assert.Equal(["EtlPs.TimedOut", "EtlPs.TimedOut"], result.Errors.Select(e => e.Id()));
        Assert.Equal("on", result.Output.Single().BaseObject);
    }

    [Fact]
    public async Task A_run_that_ends_before_it_is_there_ends_the_wait()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("$job = Start-EtlStream $name -AsJob; $null = Wait-EtlPipeline $name -Timeout 60").WithoutErrors();

        await shop.SlotBecomesAsync(active: true, Token);
        var waiting = shop.Session.RunAsync("Wait-EtlPipeline $name -Lsn FFFF/0", Token);
        await shop.Database.ExecuteAsync(
            $"""DROP PUBLICATION "etlps_{shop.Pipeline}"; INSERT INTO customers VALUES (1000, 'x')""",
            Token);

        Assert.Equal("EtlPs.PipelineStopped", (await waiting).Errors.Single().Id());
    }

    [Fact]
    public async Task A_table_that_is_set_aside_is_not_waited_for()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync(
            "CREATE TABLE odd (id int PRIMARY KEY, share numeric(5,2)); INSERT INTO odd VALUES (1, 'NaN')", Token);

        var result =
            shop.Run(
                "$null = New-EtlPipeline $name $source $file; $null = Start-EtlBackfill $name 2>&1; "
                + "Wait-EtlPipeline $name");

        Assert.Equal("EtlPs.ValueNotRepresentable", result.Errors[^1].Id());
        Assert.Contains("public.odd", $"{result.Errors[^1]}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_of_another_session_is_seen_by_its_lock()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("$job = Start-EtlStream $name -AsJob; $null = Wait-EtlPipeline $name -Timeout 60").WithoutErrors();
        await using var other = shop.OpenSession();

        var seen = other.Run(
            "$null = New-EtlPipeline $name $source $file; Wait-EtlPipeline $name -State Running -Timeout 60; "
            + "Wait-EtlPipeline $name -Timeout 60");
        var waiting = Task.Run(() => other.RunAsync("Wait-EtlPipeline $name -State Stopped -Timeout 60", Token), Token);
        shop.Run("Stop-EtlPipeline $name").WithoutErrors();

        Assert.Single(seen.Output);
        Assert.Equal("EtlPs.DestinationLocked", seen.Errors.Single().Id());
        Assert.Single((await waiting).WithoutErrors().Output);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_wait()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        using var controlC = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var waiting = shop.Session.RunAsync(
            "$begun.SetResult(); Wait-EtlPipeline $name", controlC.Token, ("begun", begun));
        await begun.Task.WaitAsync(Token);
        await controlC.CancelAsync();

        Assert.True((await waiting).WasStopped);
    }
}
