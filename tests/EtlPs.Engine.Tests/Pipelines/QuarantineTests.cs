using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>What is kept of a table that was set aside, and runs that end instead.</summary>
public sealed class QuarantineTests(ServerPool pool)
{
    private const string Tables = """
        CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE bad (id int PRIMARY KEY, price numeric(10,2));
        INSERT INTO good VALUES (1); INSERT INTO bad VALUES (1, 1)
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_set_aside_keeps_LSN_key_column_cause_and_remedy_and_pins_no_WAL()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (2, 2)");
        var before = (await scenario.CatchUpAsync()).Position;
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (42, 'NaN')");
        await scenario.ExecuteAsync("INSERT INTO good VALUES (2)");
        var result = await scenario.CatchUpAsync();

        var bad = (await scenario.Pipeline().ReadTablesAsync(["bad"], Token)).Single();
        Assert.Equal(TableState.SetAside, bad.State);
        Assert.Equal(before, bad.StandsAt);
        Assert.NotNull(bad.StandsAtCommit);
        Assert.NotNull(bad.SetAsideSince);
        Assert.Equal(("ValueNotRepresentable", "price", "id=42"), (bad.ErrorCode, bad.ErrorColumn, bad.ErrorKey));
        Assert.EndsWith($"The table stays as of {before}.", bad.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("Reset-EtlTable", bad.Remedy, StringComparison.Ordinal);
        Assert.Equal(2L, await CountAsync(scenario, "bad"));
        Assert.Equal(2L, await CountAsync(scenario, "good"));
        var confirmed = Lsn.Parse(await scenario.ScalarAsync<string>(
            "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = "
            + $"'{scenario.Definition().EffectiveSlotName}'"));
        Assert.True(confirmed > before && result.Position > before);

        await scenario.CatchUpAsync();
        Assert.Contains(
            scenario.Events.OfType<Milestone>(),
            m => m.Level == MilestoneLevel.Warning && m.Message.Contains("public.bad", StringComparison.Ordinal)
                && m.Message.Contains("Reset-EtlTable", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stream_told_to_stop_ends_before_the_failing_transaction_and_the_next_one_loses_nothing_of_the_others()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (2, 2)");
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (42, 'NaN'); INSERT INTO good VALUES (2)");
        var failing = Lsn.Parse(await scenario.ScalarAsync<string>("SELECT pg_current_wal_lsn()::text"));
        var stop = new StreamOptions { UntilCaughtUp = true, OnTableError = OnTableError.Stop };

        var error = await Assert.ThrowsAsync<EtlException>(() => scenario.CatchUpAsync(stop));

        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "price", "id=42"), (error.Code, error.Column, error.Key));
        var status = await scenario.Pipeline().ReadStatusAsync(Token);
        Assert.True(status!.Position < failing);
        Assert.All(status.Tables, t => Assert.Equal(TableState.Ready, t.State));
        Assert.Equal(1L, await CountAsync(scenario, "good"));

        await scenario.CatchUpAsync();
        Assert.Equal(2L, await CountAsync(scenario, "good"));
        var bad = (await scenario.Pipeline().ReadTablesAsync(["bad"], Token)).Single();
        Assert.Equal(TableState.SetAside, bad.State);
        Assert.True(bad.StandsAt < failing);
    }

    [Fact]
    public async Task A_backfill_told_to_stop_ends_with_the_tables_error_and_copies_the_rest_the_next_time()
    {
        await using var scenario = await Scenario.CreateAsync(pool, $"{Tables}; UPDATE bad SET price = 'NaN'");
        var stop = new BackfillOptions { OnTableError = OnTableError.Stop };

        var error = await Assert.ThrowsAsync<EtlException>(() => scenario.BackfillAsync(stop));

        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "id=1"), (error.Code, error.Key));
        Assert.DoesNotContain(
            (await scenario.Pipeline().ReadStatusAsync(Token))!.Tables, t => t.State is TableState.SetAside);
        await scenario.ExecuteAsync("UPDATE bad SET price = 1");
        await scenario.BackfillAsync(stop);
        await scenario.CatchUpAsync();
        await scenario.AssertEqualAsync();
    }

    [Fact]
    public async Task A_first_run_told_to_stop_makes_nothing_where_a_table_cannot_be_copied()
    {
        await using var scenario =
            await Scenario.CreateAsync(pool, "CREATE TABLE bare (); ALTER TABLE bare REPLICA IDENTITY FULL");

        var error = await Assert.ThrowsAsync<EtlException>(
            () => scenario.CatchUpAsync(new StreamOptions { UntilCaughtUp = true, OnTableError = OnTableError.Stop }));

        Assert.Equal(EtlErrorCode.UnsupportedType, error.Code);
        Assert.Equal(0L, await scenario.ScalarAsync<long>(
            "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"));
    }

    [Theory]
    [InlineData("DROP TABLE public.bad")]
    [InlineData("ALTER TABLE public.bad DROP COLUMN price")]
    [InlineData("ALTER TABLE public.bad ALTER price TYPE DATE USING NULL")]
    [InlineData("ALTER TABLE public.bad ALTER price TYPE DOUBLE")]
    [InlineData("ALTER TABLE public.bad ALTER price TYPE DECIMAL(12,4)")]
    [InlineData("ALTER TABLE public.bad ADD COLUMN note VARCHAR")]
    [InlineData("ALTER TABLE public.bad ADD COLUMN note VARCHAR; INSERT INTO public.bad VALUES (7, 7, 'mine')")]
    [InlineData("ALTER TABLE public.bad RENAME price TO cost")]
    public async Task A_table_that_somebody_altered_in_the_destination_is_set_aside_alone(string ddl)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        await scenario.BackfillAsync();
        using (var file = DuckDbFile.Open(new DuckDbSettings(scenario.File)))
        using (var connection = file.Connect())
            connection.Execute(ddl);
        await scenario.ExecuteAsync("INSERT INTO bad VALUES (2, 2); INSERT INTO good VALUES (2)");

        var result = await scenario.CatchUpAsync();

        var aside = Assert.Single(result.SetAside);
        Assert.Equal(("bad", EtlErrorCode.DestinationFailed), (aside.Source.Name, aside.Error!.Code));
        Assert.Equal(2L, await CountAsync(scenario, "good"));
    }

    [Fact]
    public async Task Tables_are_read_by_names_and_wildcards_and_an_unknown_name_is_told()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Tables);
        Assert.Empty(await scenario.Pipeline().ReadTablesAsync([], Token));
        await scenario.BackfillAsync();

        Assert.Equal(["bad", "good"], (await scenario.Pipeline().ReadTablesAsync([], Token))
            .Select(t => t.Source.Name));
        Assert.Equal(["good"], (await scenario.Pipeline().ReadTablesAsync(["public.g*"], Token))
            .Select(t => t.Source.Name));
        Assert.Empty(await scenario.Pipeline().ReadTablesAsync(["none*"], Token));
        var error = await Assert.ThrowsAsync<EtlException>(() => scenario.Pipeline().ReadTablesAsync(["none"], Token));
        Assert.Equal(EtlErrorCode.TableNotFound, error.Code);
    }

    private static async Task<long> CountAsync(Scenario scenario, string table) => Convert.ToInt64(
        (await scenario.Pipeline().QueryAsync($"SELECT count(*) FROM public.{table}", Token)).Rows.Single()[0],
        System.Globalization.CultureInfo.InvariantCulture);
}
