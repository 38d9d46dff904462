using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;
using static EtlPs.Engine.Tests.Pipelines.LossRuns;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// How a row that lost a value is named, and found again: by its key, which is never lost itself, or by all of its values.
/// </summary>
public sealed class LossKeyTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_without_a_key_that_lost_a_value_are_found_when_they_go()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            "CREATE TABLE ticks (v numeric(10,2), n int); ALTER TABLE ticks REPLICA IDENTITY FULL; "
            + "INSERT INTO ticks VALUES ('NaN', 1), ('NaN', 1), (NULL, 1), (1, 2)");
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "DELETE FROM ticks WHERE ctid = (SELECT ctid FROM ticks WHERE v = 'NaN' LIMIT 1); "
            + "UPDATE ticks SET n = 3 WHERE v = 'NaN'; INSERT INTO ticks VALUES ('NaN', 4), ('NaN', 4)");
        await CatchUpAsync(pipeline, scenario);

        Assert.Equal(
            "1/~ 2/1.00 3/~ 4/~ 4/~",
            await ValueAsync(
                pipeline, "SELECT string_agg(n || '/' || coalesce(v::VARCHAR, '~'), ' ' ORDER BY n) FROM ticks"));
        var losses = await pipeline.AllLossesAsync();
        Assert.Equal(5, losses.Count);
        Assert.All(losses, l => Assert.Null(l.Key));
    }

    [Fact]
    public async Task Rows_without_a_key_that_lost_a_value_are_found_also_when_such_values_are_errors_by_now()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE ticks (v numeric(10,2), n int); ALTER TABLE ticks REPLICA IDENTITY FULL; "
            + "INSERT INTO ticks VALUES ('NaN', 1), ('NaN', 2), (3, 3)");
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO ticks VALUES ('NaN', 4)");
        await CatchUpAsync(pipeline, scenario);
        await scenario.ExecuteAsync(
            "DELETE FROM ticks WHERE n = 1; UPDATE ticks SET v = 2 WHERE n = 2; DELETE FROM ticks WHERE n = 4");
        var goneOn = await scenario.CatchUpAsync();
        await scenario.ExecuteAsync("INSERT INTO ticks VALUES ('NaN', 5)");
        var refused = await scenario.CatchUpAsync();

        Assert.Empty(goneOn.SetAside);
        Assert.Equal("2.00 3.00", await ValueAsync(pipeline, "SELECT string_agg(v, ' ' ORDER BY n) FROM ticks"));
        Assert.Equal(EtlErrorCode.ValueNotRepresentable, Assert.Single(refused.SetAside).Error!.Code);
    }

    [Fact]
    public async Task A_key_is_never_NULL_but_the_tables_error()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, "CREATE TABLE keyed (k numeric(10,2) PRIMARY KEY, v numeric(10,2)); "
            + "INSERT INTO keyed VALUES (1, 'NaN')");
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync("INSERT INTO keyed VALUES ('NaN', 1)");

        var aside = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside);
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "k"), (aside.Error!.Code, aside.Error.Column));
        Assert.Equal(["v k=1.00 NaN"], await LossesAsync(pipeline));
        var named = await Assert.ThrowsAsync<EtlException>(
            () => PipelineOf(scenario, ("keyed.k", OnUnrepresentable.Null)).ResetAsync(["keyed"], scenario, Token));
        Assert.Equal((EtlErrorCode.InvalidArgument, "k"), (named.Code, named.Column));
    }

    [Theory]
    [InlineData(OnUnrepresentable.Null)]
    [InlineData(OnUnrepresentable.Text)]
    public async Task A_key_is_told_the_same_way_by_copy_and_by_a_stream_in_binary_or_in_text(OnUnrepresentable other)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE other (id int PRIMARY KEY, at timestamp);
            CREATE TABLE keyed (n bigint, s text, "it's" timestamptz, b bytea, x float8, d numeric(10,2), g uuid, v numeric(10,2), note text,
                PRIMARY KEY (n, s, "it's", b, x, d, g));
            INSERT INTO keyed VALUES (-7, 'O''Brien, x=2, a name of some length', '2024-01-01 12:00+02', '\x00ff27',
                1.5, 2.5,
                '6f9619ff-8b86-d011-b42d-00c04fc964ff', 'NaN', 'a')
            """);
        // A text instead of a timestamp makes the whole stream come as text.
        var pipeline = PipelineOf(scenario, ("*", OnUnrepresentable.Null), ("other.at", other));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        var copied = Assert.Single(await LossesAsync(pipeline));
        await scenario.ExecuteAsync("UPDATE keyed SET note = 'b'");
        await CatchUpAsync(pipeline, scenario);

        Assert.Equal("b", await ValueAsync(pipeline, "SELECT note FROM keyed WHERE v IS NULL"));
        Assert.Equal(
            @"v n=-7, s='O''Brien, x=2, a name of some length', it's='2024-01-01 10:00:00+00', b='\x00\xFF\x27', x='1.5', d=2.50, "
            + "g='6f9619ff-8b86-d011-b42d-00c04fc964ff' NaN",
            copied);
        Assert.Equal([copied], await LossesAsync(pipeline));
    }

    [Theory]
    [InlineData("k", "k=0x00000000C0000000")]
    [InlineData("k, n", "k=0x00000000C0000000, n=7")]
    public async Task A_key_that_goes_and_cannot_be_held_is_named_in_the_tables_error(string columns, string key)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool, $"CREATE TABLE keyed (k numeric(10,2), n int, PRIMARY KEY ({columns})); "
            + "INSERT INTO keyed VALUES ('NaN', 7)");
        var pipeline = PipelineOf(scenario);
        await CatchUpAsync(pipeline, scenario, new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        await scenario.ExecuteAsync("DELETE FROM keyed");

        var error = Assert.Single((await CatchUpAsync(pipeline, scenario)).SetAside).Error!;
        Assert.Equal((EtlErrorCode.ValueNotRepresentable, "k", key), (error.Code, error.Column, error.Key));
    }

    [Fact]
    public async Task A_value_that_was_lost_is_told_for_each_key_that_its_row_is_given()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, "it's" timestamp[], other text); ALTER TABLE t ALTER "it's"
                SET STORAGE EXTERNAL;
            ALTER TABLE t ALTER other SET STORAGE EXTERNAL;
            INSERT INTO t SELECT g,
                array_fill(CASE WHEN g < 3 THEN '294270-01-01' ELSE '2024-01-01' END::timestamp, ARRAY[1000]),
                    repeat('x', 3000)
                FROM generate_series(1, 4) g
            """);
        var pipeline = PipelineOf(scenario);
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "UPDATE t SET id = 11 WHERE id = 1; UPDATE t SET id = 21 WHERE id = 11; UPDATE t SET id = 14 WHERE id = 4");
        // A row that had lost nothing takes the key of one that had.
        await scenario.ExecuteAsync("UPDATE t SET id = CASE id WHEN 2 THEN 30 WHEN 3 THEN 2 END WHERE id IN (2, 3)");
        var end = await CatchUpAsync(pipeline, scenario);

        Assert.Empty(end.SetAside);
        Assert.Equal("21 30", await ValueAsync(
            pipeline, "SELECT string_agg(id, ' ' ORDER BY id) FROM t WHERE \"it's\" IS NULL"));
        Assert.Equal(
            ["id=1", "id=2", "id=21", "id=30"],
            (await pipeline.AllLossesAsync()).Where(l => l.Kind == "beyond DuckDB's last timestamp").Select(l => l.Key)
            .Order(StringComparer.Ordinal));
        Assert.All((await pipeline.AllLossesAsync()), l => Assert.True(l.Lsn.IsKnown));
    }
}
