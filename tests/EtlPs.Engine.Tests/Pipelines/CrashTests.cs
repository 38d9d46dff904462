using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Runs that are killed as <c>kill -9</c> does, in processes of their own.</summary>
public sealed class CrashTests(ServerPool pool, ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_ten_random_moments_under_load_it_ends_equal()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 20000));
        await using var writers = ShopWriters.Start(scenario.Database, connections: 2);
        var killed = 0;
        for (var i = 0; i < 10; i++)
        {
            // The first ones fall into the start and the copy, most of the later ones into the stream.
            var events = random.Next(1, i < 4 ? 24 : 8);
            var lifetime = TimeSpan.FromMilliseconds(random.Next(0, 200));
            var outcome = await scenario.Process.RunAsync(PipelineOperation.Follow, null, events, lifetime, Token);
            output.WriteLine($"event {events} and {lifetime.TotalMilliseconds} ms: {outcome.ExitCode}");
            output.WriteLine(outcome.ErrorOutput + outcome.Output);
            Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput);
            killed++;
        }
        Assert.Equal(10, killed);
        await scenario.CatchUpAsync();
        await writers.StopAsync();
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Theory]
    [InlineData(nameof(FaultPoint.SlotCreated), 1)]
    [InlineData(nameof(FaultPoint.RangeAppended), 1)]
    [InlineData(nameof(FaultPoint.RangeAppended), 3)]
    [InlineData(nameof(FaultPoint.TableRenamed), 1)]
    [InlineData(nameof(FaultPoint.TableRenamed), 5)]
    public async Task Killed_in_a_backfill_it_ends_equal(string step, int occurrence)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 500));
        await KillAsync(scenario, PipelineOperation.Backfill, step, occurrence);
        await Task.WhenAll(Shop.WorkAsync(scenario.Database, 0, 100), Shop.WorkAsync(scenario.Database, 1, 100));
        await scenario.BackfillAsync();
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Theory]
    [InlineData(nameof(FaultPoint.BatchApplied), 1)]
    [InlineData(nameof(FaultPoint.BatchApplied), 2)]
    [InlineData(nameof(FaultPoint.BatchCommitted), 1)]
    [InlineData(nameof(FaultPoint.BatchCommitted), 2)]
    public async Task Killed_in_a_stream_it_ends_equal(string step, int occurrence)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 500));
        await scenario.BackfillAsync();
        await using (ShopWriters.Start(scenario.Database, connections: 2))
            await KillAsync(scenario, PipelineOperation.Follow, step, occurrence);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Killed_within_a_large_transaction_it_has_stored_nothing_of_it_and_ends_equal(int part)
    {
        await using var scenario = await Scenario.CreateAsync(pool, LargeTransaction.Tables);
        await scenario.BackfillAsync();
        await LargeTransaction.CommitAsync(scenario);
        await KillAsync(scenario, PipelineOperation.Follow, nameof(FaultPoint.PartApplied), part);
        await LargeTransaction.AssertNothingStoredAsync(scenario);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task Killed_while_tables_that_caught_up_are_shown_it_ends_equal()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 500));
        await KillAsync(scenario, PipelineOperation.Backfill, nameof(FaultPoint.RangeAppended), 2);
        await Shop.WorkAsync(scenario.Database, 0, 200);
        var resumed = await scenario.BackfillAsync();
        Assert.Equal(1, resumed.Count(r => r.State == TableState.Ready));
        Assert.Equal(4, resumed.Count(r => r.State == TableState.CatchingUp));
        await Shop.WorkAsync(scenario.Database, 1, 200);
        await KillAsync(scenario, PipelineOperation.Follow, nameof(FaultPoint.TableRenamed), 1);
        await Shop.WorkAsync(scenario.Database, 0, 100);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    [Fact]
    public async Task Killed_while_the_making_of_its_slot_waits_it_ends_equal()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Shop.Create(rows: 100));
        await using (var blocker = await scenario.Database.OpenAsync(Token))
        await using (var transaction = await blocker.BeginTransactionAsync(Token))
        {
            await using var update = new Npgsql.NpgsqlCommand(
                "UPDATE orders SET note = 'held' WHERE id < 10", blocker, transaction);
            await update.ExecuteNonQueryAsync(Token);
            // The publication is the first event; from then on the slot is being made, which this transaction holds up.
            var outcome = await scenario.Process.RunAsync(
                PipelineOperation.Backfill, null, 1, TimeSpan.FromMilliseconds(500), Token);
            Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput + outcome.Output);
            await transaction.CommitAsync(Token);
        }
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
        await scenario.AssertNothingLeftOverAsync();
    }

    private static async Task KillAsync(Scenario scenario, PipelineOperation operation, string step, int occurrence)
    {
        var outcome = await scenario.Process.RunAsync(operation, step, occurrence, cancellationToken: Token);
        Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput + outcome.Output);
    }
}
