using System.Management.Automation;
using System.Reflection;
using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class StopTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_whose_words_end_its_pipeline_does_not_go_on_alone()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        // What a stream tells ends the pipeline from inside, as a throw downstream does.
        var failed = shop.Run("Start-EtlStream $name -InformationAction Stop");
        await shop.SlotBecomesAsync(active: false, Token);
        var running = shop.Run("(Get-EtlPipeline $name).Running").WithoutErrors();
        var next = shop.Run("Start-EtlStream $name -UntilCaughtUp").WithoutErrors();

        Assert.NotNull(failed.TerminatingError);
        Assert.Equal(false, running.Output.Single().BaseObject);
        Assert.Equal("CaughtUp", next.Output.Single().Text("EndedBy"));
        Assert.Equal(5000, shop.Count("orders"));
    }

    [Fact]
    public async Task A_throw_downstream_of_a_backfill_leaves_what_it_copied()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var thrown = shop.Run("Start-EtlBackfill $name | ForEach-Object { throw 'enough' }");
        var first = shop.Run("Start-EtlBackfill $name | Select-Object -First 1").WithoutErrors();

        Assert.Equal("enough", thrown.Errors.Single().Exception.Message);
        Assert.Equal("False", first.Output.Single().Text("Copied"));
        Assert.Equal(5000, shop.Count("orders"));
    }

    [Fact]
    public async Task Stop_ends_a_backfill_at_rest_and_the_next_goes_on()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await using var holder = await shop.Database.OpenAsync(Token);
        await using var command = holder.CreateCommand();
        command.CommandText = "BEGIN; INSERT INTO customers VALUES (1000, 'open')";
        await command.ExecuteNonQueryAsync(Token);
        using var controlC = new CancellationTokenSource();

        // The making of the slot waits for the open transaction.
        var running = shop.Session.RunAsync("Start-EtlBackfill $name", controlC.Token);
        await shop.WaitingForSlotAsync(Token);
        await controlC.CancelAsync();
        var stopped = await running;
        command.CommandText = "COMMIT";
        await command.ExecuteNonQueryAsync(Token);
        shop.Run("Start-EtlStream $name -UntilCaughtUp").WithoutErrors();

        Assert.True(stopped.WasStopped);
        Assert.Empty(stopped.Errors);
        Assert.Equal(101, shop.Count("customers"));
    }

    [Fact]
    public async Task A_session_that_closes_ends_its_run()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var session = shop.OpenSession();
        var running = Task.Run(
            () => session.RunAsync("New-EtlPipeline $name $source $file | Start-EtlStream", CancellationToken.None),
            Token);
        await shop.SlotBecomesAsync(active: true, Token);

        await Task.Run(session.Runspace.Close, Token);

        Assert.True((await running).WasStopped);
        await shop.SlotBecomesAsync(active: false, Token);
        session.Runspace.Dispose();
        Assert.Equal("CaughtUp", shop.Defined().Run("Start-EtlStream $name -UntilCaughtUp")
            .WithoutErrors().Output.Single().Text("EndedBy"));
    }

    [Fact]
    public async Task A_removed_job_is_stopped_first_and_a_removed_module_stops_its_jobs()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        shop.Run("$job = Start-EtlStream $name -AsJob").WithoutErrors();
        await shop.SlotBecomesAsync(active: true, Token);
        shop.Run("Remove-Job $job -Force").WithoutErrors();
        await shop.SlotBecomesAsync(active: false, Token);
        var job = shop.Run("$job = Start-EtlStream $name -AsJob; $job").WithoutErrors().OutputOf<Job>().Single();
        await shop.SlotBecomesAsync(active: true, Token);
        shop.Run("Remove-Module EtlPs").WithoutErrors();

        await shop.SlotBecomesAsync(active: false, Token);
        Assert.Equal(JobState.Stopped, job.JobStateInfo.State);
    }

    [Fact]
    public async Task A_job_that_nobody_receives_keeps_the_latest_of_each_stream_and_all_results()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        var job = shop.Run("$job = Start-EtlStream $name -AsJob; $job").WithoutErrors().OutputOf<Job>().Single();
        await shop.SlotBecomesAsync(active: true, Token);

        // A stream says as much in months; what it says goes through the job's own output.
        for (var n = 1; n <= 1500; n++)
        {
            Tell(job, "Verbose", $"line {n}");
            Tell(job, "Warning", $"line {n}");
            Tell(job, "Progress", new ProgressRecord(1, "stream", $"line {n}"));
            Tell(job, "Result", n);
        }

        Assert.Equal((1000, 1000, 100), (job.Verbose.Count, job.Warning.Count, job.Progress.Count));
        Assert.Equal(("line 501", "line 1500"), (job.Warning[0].Message, job.Warning[^1].Message));
        Assert.Equal(1500, job.Output.Count);
    }

    private static void Tell(Job job, string stream, object record)
    {
        const BindingFlags Internal = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var output = job.GetType().GetField("_output", Internal)!.GetValue(job)!;
        output.GetType().GetMethod(stream, Internal)!.Invoke(output, [record]);
    }
}
