using System.Management.Automation;
using System.Security.Cryptography;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Pipelines;

/// <summary>
/// -WhatIf changes no slot, no publication, no byte of the destination and no job, whatever a pipeline's state.
/// </summary>
public sealed class WhatIfTests(ServerPool pool)
{
    /// <summary>Each cmdlet that changes something, in each way that changes something else.</summary>
    private static readonly string[] Calls =
    [
        "Start-EtlBackfill $name",
        "Start-EtlBackfill $name -Restart",
        "Start-EtlBackfill $name -AsJob",
        "Start-EtlStream $name -UntilCaughtUp",
        "Start-EtlStream $name -Restart -SkipBackfill -AsJob",
        "Reset-EtlTable $name public.orders",
        "Initialize-EtlPipeline $name -Role postgres",
        "Watch-EtlChange -Source $source public.orders -Timeout 1",
        "Remove-EtlSlot $source \"etlps_$name\" -Force",
        "Export-EtlPipeline $name \"$file.json\"",
        "Stop-EtlPipeline $name",
        "Remove-EtlPipeline $name",
    ];

    // What a state refuses is refused with -WhatIf as without; no other call may end in an error.
    private static readonly (string Cmdlet, string Error)[] BeforeTheFirstRun =
        [("Reset-EtlTable", "EtlPs.TableNotFound"), ("Remove-EtlSlot", "EtlPs.SlotMissing")];

    private static readonly (string Cmdlet, string Error)[] WhileItStreams =
    [
        ("Start-EtlBackfill", "EtlPs.PipelineRunning"), ("Start-EtlStream", "EtlPs.PipelineRunning"),
        ("Remove-EtlPipeline", "EtlPs.PipelineRunning"),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_cmdlet_that_asks_is_called_here()
    {
        await using var host = ModuleHost.Create();

        var asking = host.Run("Get-Command -Module EtlPs").WithoutErrors().OutputOf<CmdletInfo>()
            .Where(command => command.Parameters.ContainsKey("WhatIf")).Select(command => command.Name);

        Assert.Equal(
            asking.Order(StringComparer.Ordinal),
            Calls.Select(call => call.Split(' ')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Before_the_first_run_nothing_comes_into_being()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        CallAll(shop, BeforeTheFirstRun);

        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(shop.File)!));
        Assert.Equal("", await SourceAsync(shop));
    }

    [Fact]
    public async Task After_a_copy_the_file_the_slot_and_the_publication_stay_as_they_are()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();
        var (source, file) = (await SourceAsync(shop), Hash(shop));

        CallAll(shop);

        Assert.Equal(file, Hash(shop));
        Assert.False(File.Exists(shop.File + ".json"));
        Assert.Equal(source, await SourceAsync(shop));
        Assert.Single(shop.Run("Get-EtlPipeline $name").WithoutErrors().Output);
    }

    [Fact]
    public async Task While_a_job_streams_it_goes_on_streaming()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("$job = Start-EtlStream $name -AsJob; $null = $job | Wait-EtlPipeline -State Ready -Timeout 600")
            .WithoutErrors();
        await shop.SlotBecomesAsync(active: true, Token);

        CallAll(shop, WhileItStreams);

        Assert.Equal("Running", shop.Run("$job.State.ToString()").WithoutErrors().OutputOf<string>().Single());
        shop.Run("Stop-EtlPipeline $name; $job | Remove-Job").WithoutErrors();
    }

    [Fact]
    public async Task What_a_start_would_do_is_returned_as_one_plan_with_statements_sizes_and_estimates()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await shop.Database.ExecuteAsync("VACUUM ANALYZE", Token);

        var plan = shop.Run("New-EtlPipeline $name $source $file | Start-EtlStream -WhatIf")
            .WithoutErrors().Output.Single();

        Assert.Equal("Stream", plan.Properties["Operation"].Value);
        var statements = (string[])plan.Properties["Statements"].Value;
        Assert.Collection(
            statements,
            s => Assert.StartsWith("CREATE PUBLICATION ", s, StringComparison.Ordinal),
            s => Assert.StartsWith("CREATE_REPLICATION_SLOT ", s, StringComparison.Ordinal),
            s => Assert.StartsWith("COPY \"public\".\"customers\" ", s, StringComparison.Ordinal),
            s => Assert.StartsWith("COPY \"public\".\"orders\" ", s, StringComparison.Ordinal));
        Assert.Equal(2, ((string[])plan.Properties["DestinationStatements"].Value).Length);
        Assert.True((long)plan.Properties["Bytes"].Value > 100_000);
        Assert.True((TimeSpan)plan.Properties["EstimatedTime"].Value > TimeSpan.Zero);
        Assert.NotNull(plan.Properties["EstimatedWalBytes"].Value);
    }

    private static void CallAll(Shop shop, params (string Cmdlet, string Error)[] refused)
    {
        var jobs = shop.Run("@(Get-Job).Count").OutputOf<int>().Single();
        foreach (var call in Calls)
        {
            var result = shop.Run(call + " -WhatIf -WarningAction Ignore");
            Assert.DoesNotContain(result.Output, output => output.BaseObject is Job);
            var errors = result.Errors.Select(error => $"{call}: {error.Id()}");
            Assert.Equal(refused.Where(r => call.Split(' ')[0] == r.Cmdlet).Select(r => $"{call}: {r.Error}"), errors);
        }
        Assert.Equal(jobs, shop.Run("@(Get-Job).Count").OutputOf<int>().Single());
    }

    private static Task<string> SourceAsync(Shop shop) => shop.Database.ScalarAsync<string>(
        """
        SELECT coalesce((SELECT string_agg(concat_ws(' ', slot_name, restart_lsn, confirmed_flush_lsn), ','
            ORDER BY slot_name)
                         FROM pg_replication_slots WHERE database = current_database()), '')
            || coalesce((SELECT string_agg(p.oid || ' ' || pubname, ',' ORDER BY pubname) FROM pg_publication p), '')
        """,
        Token);

    private static string Hash(Shop shop) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(shop.File)));
}
