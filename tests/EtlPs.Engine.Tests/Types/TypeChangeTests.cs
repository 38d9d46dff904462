using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Tests.Pipelines;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Types;

/// <summary>ALTER TYPE, which the stream says nothing of.</summary>
public sealed class TypeChangeTests(ServerPool pool)
{
    private const string Moods =
        """
        CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN strict AS mood;
        CREATE TYPE felt AS (m mood, since int);
        CREATE TABLE t (id int PRIMARY KEY, m mood, a mood[], s strict, f felt);
        INSERT INTO t VALUES (1, 'sad', '{happy,NULL}', 'happy', '(sad,1)'), (2, NULL, '{}', NULL, NULL);
        """;

    // A base type of a user, with operators of its own.
    private const string OddType =
        """
        CREATE TYPE odd;
        CREATE FUNCTION odd_in(cstring) RETURNS odd AS 'int4in' LANGUAGE internal IMMUTABLE STRICT;
        CREATE FUNCTION odd_out(odd) RETURNS cstring AS 'int4out' LANGUAGE internal IMMUTABLE STRICT;
        CREATE TYPE odd (INPUT = odd_in, OUTPUT = odd_out, LIKE = int4);
        DO $$ DECLARE o text; f text; BEGIN
          FOR o, f IN VALUES ('<', 'int4lt'), ('<=', 'int4le'), ('=', 'int4eq'), ('>=', 'int4ge'), ('>', 'int4gt') LOOP
            EXECUTE format('CREATE FUNCTION odd_%s(odd, odd) RETURNS boolean AS %L LANGUAGE internal IMMUTABLE STRICT',
                f, f);
            EXECUTE format('CREATE OPERATOR %s (LEFTARG = odd, RIGHTARG = odd, FUNCTION = odd_%s)', o, f);
          END LOOP;
        END $$;
        CREATE FUNCTION odd_cmp(odd, odd) RETURNS int AS 'btint4cmp' LANGUAGE internal IMMUTABLE STRICT;
        CREATE OPERATOR CLASS odd_ops DEFAULT FOR TYPE odd USING btree
          AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 odd_cmp(odd, odd);
        CREATE DOMAIN odds AS odd;
        """;

    private const string Grown =
        "INSERT INTO t VALUES (3, 'so so', '{sad,so so}', 'so so', '(so so,2)'), (4, 'happy', '{happy}', 'sad', NULL);";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_enum_grows_with_the_sources_between_two_runs()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Moods);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy'");
        await scenario.ExecuteAsync(Grown);
        await scenario.CatchUpAsync();
        await AssertSameAsync(scenario);
        Assert.Equal("sad so so happy", await LabelsAsync(scenario));
    }

    [Fact]
    public async Task An_enum_grows_with_the_sources_under_a_running_stream()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Moods);
        await scenario.BackfillAsync();
        await using var stream = await FollowedPipeline.StartAsync(scenario, scenario.Pipeline());
        await scenario.ExecuteAsync("ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy'");
        await scenario.ExecuteAsync(Grown);
        await stream.StopAsync();
        await scenario.CatchUpAsync();
        await AssertSameAsync(scenario);
    }

    [Fact]
    public async Task An_enum_grows_in_an_array_whose_declared_dimensions_are_others_by_now()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Moods);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            "ALTER TABLE t ALTER a TYPE mood[][]; ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy'");
        await scenario.ExecuteAsync(Grown);
        await scenario.CatchUpAsync();
        await AssertSameAsync(scenario);
    }

    [Fact]
    public async Task Killed_right_after_an_enum_has_grown_the_file_opens_and_ends_equal()
    {
        await using var scenario = await Scenario.CreateAsync(pool, Moods);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy'");
        await scenario.ExecuteAsync(Grown);
        var outcome = await scenario.Process.RunAsync(
            PipelineOperation.Follow, nameof(FaultPoint.BatchApplied), cancellationToken: Token);
        Assert.True(PipelineProcess.WasKilled(outcome), outcome.ErrorOutput);
        await scenario.CatchUpAsync();
        await AssertSameAsync(scenario);
    }

    [Theory]
    [InlineData("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'")]
    [InlineData("ALTER TYPE felt ADD ATTRIBUTE why text")]
    [InlineData("ALTER TYPE felt RENAME ATTRIBUTE since TO until")]
    [InlineData("ALTER TYPE felt DROP ATTRIBUTE since, ADD ATTRIBUTE since int")]
    public async Task A_type_altered_so_that_copied_values_mean_something_else_sets_its_table_aside(string alter)
    {
        await using var scenario = await Scenario.CreateAsync(pool, Moods);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(alter);
        var aside = Assert.Single((await scenario.CatchUpAsync()).SetAside);
        Assert.Equal((EtlErrorCode.SchemaChanged, TableState.SetAside), (aside.Error!.Code, aside.State));
    }

    [Fact]
    public async Task Rows_without_a_key_are_told_apart_by_what_their_values_say()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (i interval, r int4range, h int[], p point); ALTER TABLE t REPLICA IDENTITY FULL;
            INSERT INTO t VALUES ('1 month', '[1,2)', '{1,NULL}', '(1,2)'), ('30 days', '[1,2)', '{1,NULL}', '(1,2)'),
                ('720:00', '[1,2)', '{1,NULL}', '(1,2)'), ('720:00', '[1,2)', '{1,NULL}', '(1,2)'), (NULL, '(,)', NULL, NULL), (NULL, 'empty', '{}', NULL);
            """);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync("DELETE FROM t WHERE i::text = '30 days'; DELETE FROM t WHERE isempty(r)");
        await scenario.ExecuteAsync(
            "UPDATE t SET p = '(3,4)' WHERE ctid = (SELECT min(ctid) FROM t WHERE i::text = '720:00:00')");
        await scenario.CatchUpAsync();
        await scenario.AssertSameAsync(
            "SELECT concat_ws('|', i, lower(r), lower_inf(r), h::text, p[0]) FROM t",
            "SELECT concat_ws('|', replace(replace(i::VARCHAR, 'month', 'mon'), 'months', 'mons'), r.lower, CASE WHEN "
            + "r.lower IS NULL AND NOT r.empty THEN 't' ELSE 'f' END, '{' || array_to_string(list_transform(h, lambda "
            + "x: coalesce(x::VARCHAR, 'NULL')), ',') || '}', p.x::INTEGER) FROM public.t");
    }

    [Theory]
    [InlineData("mood", "'sad'", "'happy'", "'so so'")]
    [InlineData("int4range", "'[1,2)'", "'empty'", "'(,)'")]
    [InlineData("numeric", "1.0", "'NaN'", "1e50")]
    [InlineData("interval", "'1 month'", "'31 days'", "'-00:00:01'")]
    [InlineData("inet", "'1.2.3.4/8'", "'::1'", "'0.0.0.0/0'")]
    [InlineData("bit(3)", "B'001'", "B'010'", "B'111'")]
    [InlineData("felt", "'(sad,1)'", "'(,)'", "'(happy,)'")]
    [InlineData("mood[]", "'{sad,NULL}'", "'{}'", "'{happy}'")]
    [InlineData("time with time zone", "'12:00+02'", "'11:00+01'", "'24:00-15:59'")]
    [InlineData("money", "'1.5'", "'-1'", "'0'")]
    public async Task Rows_are_found_again_by_a_key_of_any_type(string type, string one, string two, string three)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            $"""
            CREATE TYPE mood AS ENUM ('sad', 'so so', 'happy'); CREATE TYPE felt AS (m mood, since int);
            CREATE TABLE t (k {type} PRIMARY KEY, n int); INSERT INTO t VALUES ({one}, 1), ({two}, 2), ({three}, 3);
            """);
        await scenario.BackfillAsync();
        await scenario.ExecuteAsync(
            $"UPDATE t SET n = 10 WHERE k = {one}::{type}; DELETE FROM t WHERE k = {two}::{type}; "
            + $"INSERT INTO t VALUES ({two}, 20)");
        await scenario.ExecuteAsync(
            $"DELETE FROM t WHERE k = {one}::{type}; UPDATE t SET k = {one} WHERE k = {three}::{type}");
        await scenario.CatchUpAsync();
        await scenario.AssertSameAsync("SELECT n::text FROM t", "SELECT n::VARCHAR FROM public.t");
        await AssertAsCopiedAsync(scenario);
    }

    [Theory]
    [InlineData("mood", "'so so'")]
    [InlineData("int4range", "'[1,5)'")]
    [InlineData("textrange", "textrange('a\"\\', 'b,)')")]
    [InlineData("int4multirange", "'{[1,3),[5,)}'")]
    [InlineData("felt", "'(\"so so\",)'")]
    [InlineData("mood[]", "'{sad,NULL,so so}'")]
    [InlineData("text[][]", "ARRAY[['a\"\\', NULL], ['NULL', '{}']]")]
    [InlineData("interval", "'-1 month +3 days -00:00:00.5'")]
    [InlineData("time with time zone", "'12:00:00.5-03:30:10'")]
    [InlineData("bytea", "'\\x00ff'")]
    [InlineData("timestamp", "'0044-03-15 12:00:00.000001 BC'")]
    [InlineData("hstore", "'a=>\"1\\\"\", b=>NULL'")]
    [InlineData("pairs", "'a=>\"1\\\"\", b=>NULL'")]
    [InlineData("odd", "'7'")]
    [InlineData("odds", "'7'")]
    [InlineData("odd[]", "'{7,NULL}'")]
    [InlineData("oidvector", "'1 4294967295'")]
    [InlineData("bit(11)", "B'00000000001'")]
    public async Task A_row_is_fetched_from_the_source_by_a_key_of_any_type(string type, string key)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            $"""
            CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('sad', 'so so', 'happy');
            CREATE TYPE felt AS (m mood, since int);
            CREATE TYPE textrange AS RANGE (subtype = text); CREATE DOMAIN pairs AS hstore; {OddType}
            CREATE TABLE t (k {type} PRIMARY KEY, n int, large text); ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
            INSERT INTO t VALUES ({key}, 1, repeat('x', 9000));
            """);
        await scenario.CatchUpAsync(new StreamOptions { SkipBackfill = true, UntilCaughtUp = true });
        await scenario.ExecuteAsync("UPDATE t SET n = 2");
        await scenario.CatchUpAsync();
        await scenario.AssertSameAsync(
            "SELECT n || ' ' || length(large) FROM t", "SELECT n || ' ' || length(large) FROM public.t");
        await AssertAsCopiedAsync(scenario);
    }

    [Fact]
    public async Task A_published_table_whose_values_have_no_binary_form_turns_the_stream_to_text()
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, v numeric(10,2)); CREATE TABLE other (id int PRIMARY KEY, a aclitem[]);
            CREATE PUBLICATION dba FOR TABLE t, other; INSERT INTO t VALUES (1, 1.5);
            """);
        await scenario.PipelineOf("dba", "t").BackfillAsync(new BackfillOptions(), scenario, Token);
        await scenario.ExecuteAsync(
            "INSERT INTO other VALUES (1, '{pg_monitor=r/pg_monitor}'); INSERT INTO t VALUES (2, -0.01)");
        await scenario.PipelineOf("dba", "t").StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertSameAsync("SELECT id || ' ' || v FROM t", "SELECT id || ' ' || v FROM public.t");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reset_beside_a_stream_turns_to_text_too_whichever_meets_the_value_first(
        bool streamIsTextAlready)
    {
        await using var scenario = await Scenario.CreateAsync(
            pool,
            """
            CREATE TABLE t (id int PRIMARY KEY, v numeric(10,2));
            CREATE TABLE other (id serial PRIMARY KEY, a aclitem[]);
            CREATE PUBLICATION dba FOR TABLE t, other; INSERT INTO t VALUES (1, 1.5);
            """);
        const string change =
            "INSERT INTO other (a) VALUES ('{pg_monitor=r/pg_monitor}'); "
            + "INSERT INTO t SELECT max(id) + 1, -0.01 FROM t";
        var definition = scenario.Definition("t") with { Publication = "dba" };
        var pipeline = new Pipeline(definition, new FaultAction(
            FaultPoint.ResetCopied, () => scenario.ExecuteAsync(change).GetAwaiter().GetResult()));
        await pipeline.BackfillAsync(new BackfillOptions(), scenario, Token);
        await using var stream = await FollowedPipeline.StartAsync(scenario, pipeline);
        if (streamIsTextAlready)
        {
            var text = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            scenario.OnEvent = e =>
            {
                if (e is Milestone m && m.Message.EndsWith("values as text.", StringComparison.Ordinal))
                    text.TrySetResult();
            };
            await scenario.ExecuteAsync(change);
            await text.Task.WaitAsync(Token);
        }

        var reset = Assert.Single(await pipeline.ResetAsync(["t"], scenario, Token));

        Assert.Equal((TableState.Ready, true, null), (reset.State, reset.Copied, reset.Error));
        await stream.StopAsync();
        await pipeline.StreamAsync(new StreamOptions { UntilCaughtUp = true }, scenario, Token);
        await scenario.AssertSameAsync("SELECT id || ' ' || v FROM t", "SELECT id || ' ' || v FROM public.t");
    }

    private static Task AssertSameAsync(Scenario scenario) => scenario.AssertSameAsync(
        "SELECT concat_ws('|', id, m, array_to_json(a), s, (f).m, (f).since) FROM t",
        "SELECT concat_ws('|', id, m, to_json(a), s, f.m, f.since) FROM public.t");

    private static async Task<object?> LabelsAsync(Scenario scenario) => (await scenario.Pipeline().QueryAsync(
        "SELECT array_to_string(enum_range(m), ' ') FROM public.t LIMIT 1", Token)).Rows[0][0];

    /// <summary>Asserts that the rows, keys too, are what a copy made now would hold.</summary>
    private static async Task AssertAsCopiedAsync(Scenario scenario)
    {
        var copy = new Pipeline(
            scenario.Definition() with { Name = "again", Destination = new DuckDbSettings(scenario.File + "2") });
        await copy.BackfillAsync(new BackfillOptions { SnapshotOnly = true }, scenario, Token);
        Assert.Equal(await RowsAsync(copy), await RowsAsync(scenario.Pipeline()));

        static async Task<IEnumerable<object?>> RowsAsync(Pipeline pipeline) =>
            (await pipeline.QueryAsync("SELECT (k, n)::VARCHAR FROM public.t ORDER BY 1", Token)).Rows.Select(
                r => r[0]);
    }
}
