using System.Runtime.CompilerServices;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Processes;
using EtlPs.Testing.Repository;
using EtlPs.Tests.Pipelines;

namespace EtlPs.Tests.Runbooks;

/// <summary>A shop with its definition file, for runbooks to be run on.</summary>
internal sealed class RunbookShop : IAsyncDisposable
{
    private readonly Shop _shop;

    private RunbookShop(Shop shop)
    {
        _shop = shop;
        Definition = Define("shop.json", shop.Database.ConnectionString, shop.File);
    }

    public TestDatabase Database => _shop.Database;

    public string Pipeline => _shop.Pipeline;

    public string Slot => $"etlps_{Pipeline}";

    public string DuckDbFile => _shop.File;

    /// <summary>The definition file of the pipeline.</summary>
    public string Definition { get; }

    public static async Task<RunbookShop> OpenAsync(ServerPool pool, [CallerMemberName] string test = "") =>
        new(await Shop.OpenAsync(pool, test));

    /// <summary>On a server of its own.</summary>
    public static async Task<RunbookShop> OpenAsync(PostgresServer server)
    {
        await server.CreateDatabaseAsync("shop");
        return new RunbookShop(await Shop.OpenAsync(new TestDatabase(server, "shop")));
    }

    public static string PathOf(string runbook) => RepositoryRoot.File("docs", "runbooks", runbook + ".ps1");

    /// <summary>A path beside the DuckDB file.</summary>
    public string PathBeside(string name) => _shop.Definition(name);

    /// <summary>Writes a definition file of the pipeline with other ends. Returns its path.</summary>
    public string Define(string file, string source, string destination)
    {
        _shop.Run(
            "New-EtlPipeline $name $from $to | Export-EtlPipeline -Path $path -Force > $null",
            ("from", source), ("to", destination), ("path", PathBeside(file))).WithoutErrors();
        return PathBeside(file);
    }

    /// <summary>
    /// Runs a runbook as a scheduler does: in a process of its own, told by its words and its exit code.
    /// </summary>
    public Task<ProcessOutcome> RunAsync(string runbook, string words = "")
    {
        string shell = AppContext.BaseDirectory.Replace("EtlPs.Tests", "EtlPs.Shell", StringComparison.Ordinal);
        string command =
            $"Import-Module '{RepositoryRoot.ModuleManifest}'; & '{PathOf(runbook)}' -Path '{Definition}' {words}";
        return ChildProcess.RunAsync(
            "dotnet", [Path.Combine(shell, "EtlPs.Shell.dll"), "-Command", command],
            TestContext.Current.CancellationToken);
    }

    /// <summary>The same where it has to go well. Returns all that it said.</summary>
    public async Task<string> RunWellAsync(string runbook, string words = "")
    {
        ProcessOutcome outcome = await RunAsync(runbook, words);
        string said = outcome.Output + outcome.ErrorOutput;
        Assert.True(outcome.ExitCode == 0, said);
        return said;
    }

    /// <summary>The same where it has to fail. Returns all that it said.</summary>
    public async Task<string> RunIllAsync(string runbook, string words = "")
    {
        ProcessOutcome outcome = await RunAsync(runbook, words);
        string said = outcome.Output + outcome.ErrorOutput;
        Assert.True(outcome.ExitCode == 1, said);
        return said;
    }

    /// <summary>Runs a runbook in a session, for its objects.</summary>
    public Task<ModuleResult> RunHereAsync(string runbook, string words) =>
        RunUntilAsync(runbook, words, TestContext.Current.CancellationToken);

    /// <summary>The same; cancelling stops it as Ctrl+C does.</summary>
    public Task<ModuleResult> RunUntilAsync(string runbook, string words, CancellationToken cancellationToken) =>
        _shop.Session.RunAsync(
            $"& $runbook -Path $definition {words}", cancellationToken, ("runbook", PathOf(runbook)),
            ("definition", Definition));

    public ModuleResult Run(string script) => _shop.Run(script);

    public long Count(string table) => _shop.Count(table);

    public Task<long> SlotsAsync() => _shop.SlotsAsync();

    public Task SlotBecomesAsync(bool active, CancellationToken cancellationToken) =>
        _shop.SlotBecomesAsync(active, cancellationToken);

    public Task ExecuteAsync(string sql) => Database.ExecuteAsync(sql, TestContext.Current.CancellationToken);

    /// <summary>Whether every row of both tables is in the copy and no other is.</summary>
    public Task AssertEqualAsync() => AssertEqualAsync(Database);

    public async Task AssertEqualAsync(TestDatabase source)
    {
        const string Query =
            "SELECT coalesce(string_agg(concat_ws('|', {0}), ',' ORDER BY id), '') AS text FROM public.{1}";
        const string Orders = "id, customer, coalesce(CAST(total AS varchar), '-'), ";
        foreach (var (table, there, here) in new[]
        {
            ("customers", "id, name", "id, name"),
            ("orders", Orders + "(extract(epoch FROM placed) * 1000000)::bigint", Orders + "epoch_us(placed)"),
        })
        {
            var expected = await source.ScalarAsync<string>(
                string.Format(null, Query, there, table), TestContext.Current.CancellationToken);
            var actual = _shop.Run(
                "(Invoke-EtlQuery $name $query).text", ("query", string.Format(null, Query, here, table)))
                .WithoutErrors().Output.Single().BaseObject;
            Assert.Equal(expected, actual);
        }
    }

    public ValueTask DisposeAsync() => _shop.DisposeAsync();
}
