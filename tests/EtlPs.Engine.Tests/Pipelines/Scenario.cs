using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Sources;
using EtlPs.Testing.Comparison;
using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>One test's database, DuckDB file and pipeline.</summary>
internal sealed class Scenario : IAsyncDisposable, IPipelineObserver
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("etlps-");

    private Scenario(TestDatabase database)
    {
        Database = database;
        File = Path.Combine(_folder.FullName, "copy.duckdb");
    }

    public TestDatabase Database { get; }

    public string File { get; }

    /// <summary>What the runs told, in order.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<PipelineEvent> Events { get; } = new();

    /// <summary>
    /// The warnings among it; not that the making of the slot waits, for which any other test's transaction will do.
    /// </summary>
    public IEnumerable<string> Warnings => Events.OfType<Milestone>()
        .Where(m => m.Level == MilestoneLevel.Warning
            && !m.Message.StartsWith("Making the replication slot waits", StringComparison.Ordinal))
        .Select(m => m.Message);

    /// <summary>Called with each event as it comes.</summary>
    public Action<PipelineEvent>? OnEvent { get; set; }

    /// <summary>How large ranges of a copy are; null: as the tables' sizes suggest.</summary>
    public int? RangeBytes { get; set; }

    public static async Task<Scenario> CreateAsync(
        ServerPool pool, string setup, [System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        return await CreateAsync(await pool.CreateDatabaseAsync(test), setup);
    }

    /// <summary>In a database that was made for the test.</summary>
    public static async Task<Scenario> CreateAsync(TestDatabase database, string setup)
    {
        var scenario = new Scenario(database);
        await scenario.ExecuteAsync(setup);
        return scenario;
    }

    /// <summary>On a server of the test's own, which it may stop and break; it has to run again at the end.</summary>
    public static async Task<Scenario> CreateAsync(
        PostgresServer server, string setup, [System.Runtime.CompilerServices.CallerMemberName] string test = "")
    {
        var name = test.ToLowerInvariant()[..Math.Min(40, test.Length)];
        await server.CreateDatabaseAsync(name);
        var scenario = new Scenario(new TestDatabase(server, name));
        await scenario.ExecuteAsync(setup);
        return scenario;
    }

    public Task ExecuteAsync(string sql) => Database.ExecuteAsync(sql, TestContext.Current.CancellationToken);

    public Task<T> ScalarAsync<T>(string sql) => Database.ScalarAsync<T>(sql, TestContext.Current.CancellationToken);

    public PipelineDefinition Definition(params string[] tables) => new()
    {
        Name = Database.Name[..Math.Min(40, Database.Name.Length)],
        Source = SourceSettings.Parse(Database.ConnectionString),
        Destination = new DuckDbSettings(File),
        Tables = tables,
        RangeBytes = RangeBytes,
    };

    public Pipeline Pipeline(params string[] tables) => new(Definition(tables));

    public Pipeline Pipeline(IFaultHook faults) => new(Definition(), faults);

    /// <summary>The same pipeline in a process of its own.</summary>
    public PipelineProcess Process =>
        new(Database.ConnectionString, File, Definition().Name) { RangeBytes = RangeBytes ?? 0 };

    /// <summary>A pipeline over a publication that a DBA made.</summary>
    public Pipeline PipelineOf(string publication, params string[] tables) =>
        new(Definition(tables) with { Publication = publication });

    public Task<IReadOnlyList<TableCopyResult>> BackfillAsync(BackfillOptions? options = null) =>
        Pipeline().BackfillAsync(options ?? new BackfillOptions(), this, TestContext.Current.CancellationToken);

    public Task<StreamResult> CatchUpAsync(StreamOptions? options = null) => Pipeline().StreamAsync(
        options ?? new StreamOptions { UntilCaughtUp = true }, this, TestContext.Current.CancellationToken);

    /// <summary>
    /// Asserts that every row and column of every table is the same on both sides, without using our codecs.
    /// </summary>
    public async Task AssertEqualAsync(ValueForms? forms = null) => Assert.Empty(
        await TableComparison.DifferencesAsync(
            Database.ConnectionString, File, forms, TestContext.Current.CancellationToken));

    /// <summary>Asserts that two queries, each of one column of text, give the same rows on both sides.</summary>
    public async Task AssertSameAsync(string source, string destination)
    {
        var expected = await ScalarAsync<string>(Joined(source));
        var found = await Pipeline().QueryAsync(Joined(destination), TestContext.Current.CancellationToken);
        Assert.Equal(expected, found.Rows[0][0]);

        static string Joined(string query) =>
            $"SELECT coalesce(string_agg(q.r, ' ' ORDER BY q.r), '') FROM ({query}) AS q (r)";
    }

    /// <summary>
    /// Asserts that nothing is left of runs that were cut off: one slot, no temporary one, no table that is not shown.
    /// </summary>
    public async Task AssertNothingLeftOverAsync()
    {
        Assert.Equal(Definition().EffectiveSlotName, await ScalarAsync<string>(
            "SELECT string_agg(slot_name || CASE WHEN temporary THEN ' (temporary)' ELSE '' END, ', ') FROM "
            + "pg_replication_slots WHERE database = current_database()"));
        Assert.Equal(
            Definition().EffectivePublication,
            await ScalarAsync<string>("SELECT string_agg(pubname, ', ') FROM pg_publication"));
        var hidden = await Pipeline().QueryAsync(
            "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, '__etlps')",
            TestContext.Current.CancellationToken);
        Assert.Empty(hidden.Rows);
        var status = await Pipeline().ReadStatusAsync(TestContext.Current.CancellationToken);
        Assert.All(status!.Tables, t => Assert.Equal(TableState.Ready, t.State));
    }

    void IPipelineObserver.Post(PipelineEvent pipelineEvent)
    {
        Events.Enqueue(pipelineEvent);
        OnEvent?.Invoke(pipelineEvent);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
