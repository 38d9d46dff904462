using EtlPs.Testing.Faults;
using EtlPs.Testing.Postgres;
using EtlPs.Tests.Pipelines;

namespace EtlPs.Tests.Runbooks;

public sealed class WatchedStreamTests(ServerPool pool)
{
    private const string Stream = "Start-WatchedStream";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_alert_is_raised_when_the_lag_is_above_the_limit_and_cleared_when_it_is_not()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await using var proxy = FaultProxy.Start(shop.Database.Server.Host, shop.Database.Server.Port);
        shop.Define("shop.json", proxy.Through(shop.Database.ConnectionString), shop.DuckDbFile);
        var sender = shop.PathBeside("Send-Alert.ps1");
        var sent = shop.PathBeside("alerts.txt");
        await File.WriteAllTextAsync(
            sender, $$"""param($Alert) [IO.File]::AppendAllText('{{sent}}', "$($Alert.Pipeline) $($Alert.Subject) $($Alert.State)`n")""", Token);
        using var controlC = new CancellationTokenSource();
        var words = $"-MaxLagBytes 1MB -Interval 00:00:01 -AlertCommand '{sender}'";

        var running = shop.RunUntilAsync(Stream, words, controlC.Token);
        await BesideAsync(running, token => shop.SlotBecomesAsync(active: true, token));
        proxy.Swallow();
        await shop.ExecuteAsync(
            "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 3000000)); "
            + "INSERT INTO customers VALUES (9001, 'late')");
        await BesideAsync(running, token => WrittenAsync(sent, "Raised", token));
        proxy.Cut();
        await BesideAsync(running, token => WrittenAsync(sent, "Cleared", token));
        await controlC.CancelAsync();
        var result = await running;

        Assert.Equal(
            [$"{shop.Pipeline} Lag Raised", $"{shop.Pipeline} Lag Cleared"], await File.ReadAllLinesAsync(sent, Token));
        Assert.True(result.WasStopped);
        Assert.Equal(["Raised", "Cleared"], result.Output.Where(o => o.Properties["State"] is not null)
            .Select(o => o.Text("State")));
        Assert.Contains(
            result.Warnings, w => w.Contains("bytes of WAL behind; 1048576 are allowed", StringComparison.Ordinal));
        await shop.SlotBecomesAsync(active: false, Token);
        Assert.Empty(shop.Run("Get-Job").WithoutErrors().Output);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.AssertEqualAsync();
    }

    [Fact]
    public async Task Below_the_limits_there_is_no_alert_and_the_streams_end_after_their_time()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.ExecuteAsync("INSERT INTO customers VALUES (9001, 'new')");

        var result = (await shop.RunHereAsync(Stream, "-Interval 00:00:01 -Duration 00:00:03 -FailOnAlert"))
            .WithoutErrors();

        Assert.Equal("Stopped", Assert.Single(result.Output).Text("EndedBy"));
        Assert.DoesNotContain(result.Warnings, warning => warning.Contains("Raised", StringComparison.Ordinal));
        await shop.SlotBecomesAsync(active: false, Token);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await shop.AssertEqualAsync();
    }

    [Fact]
    public async Task Where_alerts_are_to_fail_the_first_one_ends_it_with_an_error_and_the_streams_at_rest()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await shop.RunWellAsync("Invoke-NightlyBatch");
        await using var connection = await shop.Database.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN; INSERT INTO customers VALUES (9001, 'open')";
        await command.ExecuteNonQueryAsync(Token);
        await shop.ExecuteAsync("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 3000000))");

        var said = await shop.RunIllAsync(Stream, "-MaxRetainedBytes 1MB -Interval 00:00:01 -FailOnAlert");

        Assert.Contains($"{shop.Pipeline} RetainedWal: ", said, StringComparison.Ordinal);
        Assert.Contains("allowed: 1048576.", said, StringComparison.Ordinal);
        await shop.SlotBecomesAsync(active: false, Token);
    }

    [Fact]
    public async Task A_stream_that_fails_ends_it_with_its_error_for_the_service_manager_to_see()
    {
        await using var shop = await RunbookShop.OpenAsync(pool);
        await shop.RunWellAsync("Invoke-NightlyBatch");

        var running = shop.RunAsync(Stream, "-Interval 00:00:01");
        await BesideAsync(running, token => shop.SlotBecomesAsync(active: true, token));
        await shop.ExecuteAsync(
            $"""
            ALTER PUBLICATION etlps_{shop.Pipeline} RENAME TO gone;
            SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '{shop.Slot}'
            """);
        var outcome = await running;

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains($"{shop.Pipeline}: Publication etlps_{shop.Pipeline} is gone", outcome.ErrorOutput,
            StringComparison.Ordinal);
    }

    /// <summary>Waits for something that a run does, and no longer than that lasts.</summary>
    private static async Task BesideAsync(Task running, Func<CancellationToken, Task> wait)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var waiting = wait(over.Token);
        var first = await Task.WhenAny(waiting, running);
        await over.CancelAsync();
        Assert.True(first == waiting, "It ended before that.");
        await waiting;
    }

    private static async Task WrittenAsync(string file, string text, CancellationToken cancellationToken)
    {
        while (!File.Exists(file)
            || !(await File.ReadAllTextAsync(file, cancellationToken)).Contains(text, StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
    }
}
