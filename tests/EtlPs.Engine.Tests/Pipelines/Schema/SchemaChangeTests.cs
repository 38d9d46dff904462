using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Testing.Comparison;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines.Schema;

/// <summary>
/// Whatever DDL does to a table, with or without rows that follow it: the copy equals the source, or the table is set
/// aside with an error that says what happened, and is equal again when that is done which the error says.
/// </summary>
public sealed class SchemaChangeTests(ServerPool pool)
{
    private const string Others = "CREATE TABLE beacon (id int PRIMARY KEY); CREATE SCHEMA elsewhere;";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RowsBesideDdl.None)]
    [InlineData(RowsBesideDdl.InItsTransaction)]
    [InlineData(RowsBesideDdl.InTransactionsOfTheirOwn)]
    public async Task What_is_altered_while_no_stream_runs_is_equal_or_set_aside(RowsBesideDdl rows)
    {
        await using var scenario = await CreateAsync();
        await scenario.BackfillAsync();
        await AlterAsync(scenario, rows);
        await scenario.CatchUpAsync();
        await AssertOutcomeAsync(scenario);
    }

    [Theory]
    [InlineData(RowsBesideDdl.None)]
    [InlineData(RowsBesideDdl.InItsTransaction)]
    [InlineData(RowsBesideDdl.InTransactionsOfTheirOwn)]
    public async Task What_is_altered_under_a_running_stream_is_equal_or_set_aside(RowsBesideDdl rows)
    {
        await using var scenario = await CreateAsync();
        await scenario.BackfillAsync();
        await using var stream = await FollowedPipeline.StartAsync(scenario, scenario.Pipeline());
        var (aside, all) = (new HashSet<string>(),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        scenario.OnEvent = e =>
        {
            if (e is not TableStateChanged { State: TableState.SetAside } changed) return;
            lock (aside)
                if (aside.Add(changed.Table.Name) && aside.Count == SchemaChanges.Aside.Count) all.TrySetResult();
        };
        await AlterAsync(scenario, rows);
        // Whatever is sent tells the stream that it may be time to look at the catalog.
        await scenario.ExecuteAsync("INSERT INTO beacon VALUES (1)");
        await all.Task.WaitAsync(Token);
        await stream.StopAsync();
        await scenario.CatchUpAsync();
        await AssertOutcomeAsync(scenario);
    }

    [Fact]
    public async Task What_is_altered_after_the_look_at_the_start_is_seen_before_the_stream_says_that_it_is_caught_up()
    {
        await using var scenario = await CreateAsync();
        await scenario.BackfillAsync();
        var isAltered = false;
        scenario.OnEvent = e =>
        {
            if (isAltered || e is not Milestone m || !m.Message.StartsWith("Streaming from", StringComparison.Ordinal))
                return;
            isAltered = true;
            AlterAsync(scenario, RowsBesideDdl.None).GetAwaiter().GetResult();
        };
        await scenario.ExecuteAsync("INSERT INTO beacon VALUES (1)");
        await scenario.CatchUpAsync();
        Assert.True(isAltered);
        await AssertOutcomeAsync(scenario);
    }

    private async Task<Scenario> CreateAsync([System.Runtime.CompilerServices.CallerMemberName] string test = "") =>
        await Scenario.CreateAsync(pool, Others + string.Concat(SchemaChanges.All.Select(c => c.Create)), test);

    private static async Task AlterAsync(Scenario scenario, RowsBesideDdl rows)
    {
        foreach (var change in SchemaChanges.All)
        {
            var isOne = rows == RowsBesideDdl.InItsTransaction && change.IsTransactional;
            IEnumerable<string> statements = rows == RowsBesideDdl.None
                ? [change.Statement]
                : [change.Before, change.Statement, change.After];
            foreach (var transaction in isOne ? [string.Join(";", statements)] : statements)
                await scenario.ExecuteAsync(transaction);
        }
    }

    private static async Task AssertOutcomeAsync(Scenario scenario)
    {
        var tables = (await scenario.Pipeline().ReadStatusAsync(Token))!.Tables;
        var aside = tables.Where(t => t.State == TableState.SetAside).ToDictionary(t => t.Source.Name);
        Assert.Equal(SchemaChanges.Aside.Keys.Order(), aside.Keys.Order());
        Assert.All(tables, t => Assert.True(t.State is TableState.Ready or TableState.SetAside));
        Assert.All(aside, a => Assert.Contains(
            SchemaChanges.Aside[a.Key], a.Value.ErrorMessage!, StringComparison.Ordinal));
        Assert.All(aside.Values, t => Assert.NotEmpty(t.Remedy!));
        Assert.Empty(await DifferencesAsync(scenario, [.. aside.Keys, "renamed"]));

        foreach (var undo in SchemaChanges.All.Select(c => c.Undo).OfType<string>()) await scenario.ExecuteAsync(undo);
        var ended = SchemaChanges.All.Where(c => c.EndsTable).Select(c => c.Table).ToList();
        await scenario.Pipeline().ResetAsync([.. aside.Keys.Except(ended)], scenario, Token);
        Assert.Equal(ended, (await scenario.CatchUpAsync()).SetAside.Select(t => t.Source.Name));
        Assert.Empty(await DifferencesAsync(scenario, ended));

        await scenario.CatchUpAsync(new StreamOptions { Restart = true, UntilCaughtUp = true });
        await scenario.AssertEqualAsync();
    }

    private static async Task<IReadOnlyList<string>> DifferencesAsync(Scenario scenario, IEnumerable<string> leftOut) =>
        [.. (await TableComparison.DifferencesAsync(scenario.Database.ConnectionString, scenario.File, Token))
            .Where(d => !leftOut.Any(t => d.Contains($".\"{t}\":", StringComparison.Ordinal)))];
}
