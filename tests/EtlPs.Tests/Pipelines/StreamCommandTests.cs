using System.Management.Automation;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Waiting;

namespace EtlPs.Tests.Pipelines;

public sealed class StreamCommandTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_goes_on_from_the_backfill_until_it_has_caught_up()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        await shop.Database.ExecuteAsync(
            """
            INSERT INTO orders VALUES (6000, 1, 9.99, now());
            DELETE FROM orders WHERE id <= 10;
            UPDATE customers SET name = 'x';
            """, Token);

        var result = shop.Run("Start-EtlStream $name -UntilCaughtUp").WithoutErrors().Output.Single();

        Assert.Equal("CaughtUp", result.Properties["EndedBy"].Value);
        Assert.Equal(1L, result.Properties["Transactions"].Value);
        Assert.Equal(111L, result.Properties["Changes"].Value);
        Assert.Equal(4991, shop.Count("orders"));
        Assert.Equal(100, shop.Count("customers WHERE name = ''x''"));
    }

    [Fact]
    public async Task The_results_of_a_backfill_piped_on_start_one_stream()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var result = shop.Run("Get-EtlPipeline | Start-EtlBackfill | Start-EtlStream -UntilCaughtUp").WithoutErrors();

        Assert.Equal(shop.Pipeline, Assert.Single(result.Output).Properties["Name"].Value);
    }

    [Fact]
    public async Task A_stream_backfills_first_where_that_was_not_done()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var result = shop.Run("Start-EtlStream $name -UntilCaughtUp").WithoutErrors().Output.Single();

        Assert.Equal(2, ((object[])result.Properties["Backfilled"].Value).Length);
        Assert.Equal(5000, shop.Count("orders"));
    }

    [Fact]
    public async Task A_stream_ends_after_its_duration_and_at_its_LSN()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        var lsn = await shop.Database.ScalarAsync<string>("SELECT pg_current_wal_flush_lsn()::text", Token);
        await shop.Database.ExecuteAsync("INSERT INTO customers VALUES (1000, 'late')", Token);

        var reached = shop.Run($"Start-EtlStream $name -UntilLsn {lsn}").WithoutErrors().Output.Single();
        var over = shop.Run("Start-EtlStream $name -Duration 0.5").WithoutErrors().Output.Single();

        Assert.Equal("LsnReached", reached.Properties["EndedBy"].Value);
        Assert.Equal("DurationOver", over.Properties["EndedBy"].Value);
    }

    [Fact]
    public async Task Ctrl_C_stops_a_stream_cleanly_and_the_next_one_goes_on()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        using var controlC = new CancellationTokenSource();

        var running = shop.Session.RunAsync("Start-EtlStream $name", controlC.Token);
        await shop.SlotBecomesAsync(active: true, Token);
        await controlC.CancelAsync();
        var stopped = await running;
        await shop.SlotBecomesAsync(active: false, Token);
        await shop.Database.ExecuteAsync("INSERT INTO customers VALUES (1000, 'late')", Token);
        var next = shop.Run("(Get-EtlPipeline $name).Running; Start-EtlStream $name -UntilCaughtUp")
            .WithoutErrors().Output;

        Assert.True(stopped.WasStopped);
        Assert.Empty(stopped.Errors);
        Assert.Equal(false, next[0].BaseObject);
        Assert.Equal(101, shop.Count("customers"));
    }

    [Fact]
    public async Task While_a_job_streams_its_copy_and_its_lag_can_be_asked_and_a_second_run_is_refused()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var job = shop.Run("Start-EtlStream $name -AsJob").WithoutErrors().OutputOf<Job>().Single();
        await shop.SlotBecomesAsync(active: true, Token);
        var lag = shop.Run("Get-EtlPipeline | Get-EtlSlotLag").WithoutErrors().Output.Single();
        var second = shop.Run("Start-EtlStream $name");
        await using var elsewhere = shop.OpenSession();
        var third = elsewhere.Run("$null = New-EtlPipeline $name $source $file; Start-EtlStream $name");
        var stop = elsewhere.Run("Stop-EtlPipeline $name");

        Assert.Equal(JobState.Running, job.JobStateInfo.State);
        Assert.Equal(true, lag.Properties["Active"].Value);
        Assert.Equal($"etlps_{shop.Pipeline}", lag.Properties["SlotName"].Value);
        Assert.Equal(5000, shop.Count("orders"));
        Assert.Equal("EtlPs.PipelineRunning", second.Errors.Single().Id());
        Assert.Equal("EtlPs.DestinationLocked", third.Errors.Single().Id());
        Assert.Equal("EtlPs.DestinationLocked", stop.Errors.Single().Id());
        Assert.Contains($"process {Environment.ProcessId} on", $"{stop.Errors.Single()}", StringComparison.Ordinal);

        var ended = shop.Run("Stop-EtlPipeline $name; Stop-EtlPipeline $name; Get-Job | Receive-Job")
            .WithoutErrors().Output;
        Assert.Equal(JobState.Stopped, job.JobStateInfo.State);
        Assert.Equal("Stopped", ended.Single().Properties["EndedBy"].Value);
        Assert.Empty(shop.Run("Get-Job | Remove-Job; Get-Job").WithoutErrors().Output);
    }

    [Fact]
    public async Task Stop_Job_stops_a_stream_and_Wait_Job_waits_for_one_that_ends_by_itself()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var copied = shop.Run("Start-EtlBackfill $name -AsJob | Wait-Job | Receive-Job").WithoutErrors().Output;
        var job = shop.Run("$job = Start-EtlStream $name -AsJob; $job").WithoutErrors().OutputOf<Job>().Single();
        await shop.SlotBecomesAsync(active: true, Token);
        shop.Run("$job | Stop-Job").WithoutErrors();

        Assert.Equal(2, copied.Count);
        Assert.Equal(JobState.Stopped, job.JobStateInfo.State);
        await shop.SlotBecomesAsync(active: false, Token);
        var last = shop.Run("Start-EtlStream $name -UntilCaughtUp -AsJob | Wait-Job | Receive-Job").WithoutErrors();
        Assert.Single(last.Output);
    }

    [Fact]
    public async Task A_job_ends_with_its_session()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var session = shop.OpenSession();
        var job = session.Run("New-EtlPipeline $name $source $file | Start-EtlStream -AsJob")
            .WithoutErrors().OutputOf<Job>().Single();
        await shop.SlotBecomesAsync(active: true, Token);

        await Task.Run(session.Runspace.Close, Token);

        Assert.Equal(JobState.Stopped, job.JobStateInfo.State);
        await shop.SlotBecomesAsync(active: false, Token);
        session.Runspace.Dispose();
    }

    [Fact]
    public async Task A_job_that_fails_says_so_in_its_state_and_its_errors()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        var job = shop.Run("$job = Start-EtlStream $name -ReconnectTimeout 0 -AsJob; $job").WithoutErrors()
            .OutputOf<Job>().Single();
        await shop.SlotBecomesAsync(active: true, Token);

        await shop.Database.ExecuteAsync(
            $"""
            SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'etlps_{shop.Pipeline}'
            """, Token);
        var received = shop.Run("$job | Wait-Job | Receive-Job");

        Assert.Equal(JobState.Failed, job.JobStateInfo.State);
        Assert.Equal("EtlPs.ConnectionLost", received.Errors.Single().Id());
        var kept = shop.Run("$job.Error.Count; $job.Failure").WithoutErrors();
        Assert.Equal(0, kept.OutputOf<int>().Single());
        Assert.Same(received.Errors.Single().Exception, kept.OutputOf<ErrorRecord>().Single().Exception);
    }

    [Fact]
    public async Task A_stream_that_loses_its_connection_warns_and_goes_on()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        shop.Run("$job = Start-EtlStream $name -AsJob").WithoutErrors();
        await shop.SlotBecomesAsync(active: true, Token);
        var walSender = await shop.Database.ScalarAsync<int>(
            $"SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'etlps_{shop.Pipeline}'", Token);
        await shop.Database.ExecuteAsync($"SELECT pg_terminate_backend({walSender})", Token);
        await Eventually.IsTrueAsync(
            () => shop.Database.ScalarAsync<bool>(
                $"SELECT active_pid IS NOT NULL AND active_pid <> {walSender} FROM pg_replication_slots WHERE "
                + $"slot_name = 'etlps_{shop.Pipeline}'",
                Token),
            cancellationToken: Token);

        var received = shop.Run("Stop-EtlPipeline $name; $job | Wait-Job | Receive-Job").WithoutErrors();

        Assert.Equal(1, received.Output.Single().Properties["Reconnects"].Value);
        Assert.Contains(received.Warnings, w => w.Contains("The next try is in", StringComparison.Ordinal));
    }
}
