using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Waiting;

namespace EtlPs.Tests.Pipelines;

/// <summary>
/// A small database, a file to copy it to, and a session with the module and a pipeline between them.
/// </summary>
internal sealed class Shop : IAsyncDisposable
{
    private const int LongestName = 40;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("etlps");

    private Shop(TestDatabase database)
    {
        Database = database;
        Pipeline = database.Name[^Math.Min(database.Name.Length, LongestName)..];
        File = Path.Combine(_folder.FullName, "shop.duckdb");
        Session = OpenSession();
    }

    public TestDatabase Database { get; }

    public string Pipeline { get; }

    public string File { get; }

    public ModuleHost Session { get; }

    public static async Task<Shop> OpenAsync(ServerPool pool, [CallerMemberName] string test = "") =>
        await OpenAsync(await pool.CreateDatabaseAsync(test));

    /// <summary>In a database that is empty.</summary>
    public static async Task<Shop> OpenAsync(TestDatabase database)
    {
        await database.ExecuteAsync(
            """
            CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
            CREATE TABLE orders (id bigint PRIMARY KEY, customer int NOT NULL, total numeric(12,2), placed timestamptz);
            INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 100) n;
            INSERT INTO orders SELECT n, 1 + n % 100, n * 1.25, '2026-01-01Z'::timestamptz + n * interval '1 minute'
              FROM generate_series(1, 5000) n;
            """);
        return new Shop(database);
    }

    /// <summary>Another session, with <c>$source</c>, <c>$file</c> and <c>$name</c> set and nothing defined.</summary>
    public ModuleHost OpenSession()
    {
        var session = ModuleHost.Create();
        session.Run(
            "Import-Module -Assembly $tests",
            ("tests", typeof(SelectObjectCommand).Assembly),
            ("source", Database.ConnectionString),
            ("file", File),
            ("name", Pipeline),
            ("InformationPreference", "Continue"));
        return session;
    }

    public ModuleResult Run(string script, params (string Name, object? Value)[] variables) =>
        Session.Run(script, variables);

    /// <summary>Defines the pipeline over all tables.</summary>
    public Shop Defined()
    {
        Run("$null = New-EtlPipeline $name $source $file").WithoutErrors();
        return this;
    }

    /// <summary>A file for definitions, beside the copy.</summary>
    public string Definition(string name = "pipelines.json") => Path.Combine(_folder.FullName, name);

    public long Count(string table) =>
        Convert.ToInt64(
            Run($"(Invoke-EtlQuery $name 'SELECT count(*) AS n FROM public.{table}').n")
                .WithoutErrors().Output.Single().BaseObject,
            null);

    public Task<long> SlotsAsync() => Database.ScalarAsync<long>(
        $"SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'etlps_{Pipeline}'");

    public Task<long> PublicationsAsync() => Database.ScalarAsync<long>(
        $"SELECT count(*) FROM pg_publication WHERE pubname = 'etlps_{Pipeline}'");

    /// <summary>
    /// Waits until a session streams from the slot, or none does; a job that fails before ends the wait.
    /// </summary>
    public Task SlotBecomesAsync(bool active, CancellationToken cancellationToken) =>
        HasSlotAsync("active", active, cancellationToken);

    /// <summary>
    /// Waits until the making of the slot waits for transactions to end; a job that fails before ends the wait.
    /// </summary>
    public Task WaitingForSlotAsync(CancellationToken cancellationToken) =>
        HasSlotAsync("confirmed_flush_lsn IS NULL", true, cancellationToken);

    private async Task HasSlotAsync(string condition, bool expected, CancellationToken cancellationToken)
    {
        // A session in which a run is in the foreground cannot be asked.
        var jobs = Session.Runspace.RunspaceAvailability == RunspaceAvailability.Available
            ? Run("Get-Job").OutputOf<Job>().ToList()
            : [];
        await using var connection = await Database.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText =
            $"SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'etlps_{Pipeline}' AND {condition})";
        await Eventually.IsTrueAsync(
            async () =>
            {
                var failed = expected ? jobs.Find(job => job.JobStateInfo.State == JobState.Failed) : null;
                if (Equals(await command.ExecuteScalarAsync(cancellationToken), expected)) return true;
                return failed is null
                    ? false
                    : throw new InvalidOperationException("The job failed.", failed.JobStateInfo.Reason);
            },
            null, cancellationToken, $"{command.CommandText}: {expected}");
    }

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        await Database.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
