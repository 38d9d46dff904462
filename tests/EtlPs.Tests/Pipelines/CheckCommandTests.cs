using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class CheckCommandTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pipeline_that_can_start_gives_passed_checks_and_true()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var checks = shop.Run("$checks = Get-EtlPipeline | Test-EtlPipeline; $checks; $checks | Out-Host")
            .WithoutErrors();
        var quiet = shop.Run("Test-EtlPipeline $name -Quiet").WithoutErrors();

        Assert.All(checks.Output, check => Assert.Equal("Passed", check.Properties["Status"].Value));
        Assert.All(checks.Output, check => Assert.Equal(shop.Pipeline, check.Properties["Pipeline"].Value));
        Assert.Contains("Start", checks.Output.Select(check => check.Properties["Check"].Value));
        Assert.Contains("wal_level is logical", checks.HostText, StringComparison.Ordinal);
        Assert.Equal([true], quiet.OutputOf<bool>());
    }

    [Fact]
    public async Task Checks_go_on_as_their_pipeline_and_what_they_failed_for_refuses_the_start()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        var streamed = shop.Run("Test-EtlPipeline $name | Start-EtlStream -UntilCaughtUp -WarningAction Ignore")
            .WithoutErrors();
        await shop.Database.ExecuteAsync($"DROP PUBLICATION etlps_{shop.Pipeline}", Token);
        var refused = shop.Run("Test-EtlPipeline $name | Start-EtlStream -UntilCaughtUp");

        Assert.Equal((shop.Pipeline, "CaughtUp"),
            (streamed.Output.Single().Text("Name"), streamed.Output.Single().Text("EndedBy")));
        Assert.Equal("EtlPs.PublicationUnusable", refused.Errors.Single().Id());
    }

    [Fact]
    public async Task What_fails_has_an_error_code_a_remedy_and_the_statements_and_Quiet_gives_false()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await shop.Database.ExecuteAsync("CREATE TABLE keyless (a int)", Token);

        var failed = shop.Run("Test-EtlPipeline $name | . { process { if ($_.Status -eq 'Failed') { $_ } } }")
            .WithoutErrors();
        var quiet = shop.Run("Test-EtlPipeline $name -Quiet").WithoutErrors();

        var check = Assert.Single(failed.Output);
        Assert.Equal("ReplicaIdentity", check.Properties["Check"].Value);
        Assert.Equal("NoReplicaIdentity", check.Properties["ErrorCode"].Value);
        Assert.Contains("public.keyless", (string)check.Properties["Evidence"].Value, StringComparison.Ordinal);
        Assert.NotNull(check.Properties["Remedy"].Value);
        Assert.Equal("ALTER TABLE \"public\".\"keyless\" REPLICA IDENTITY FULL;", check.Properties["Sql"].Value);
        Assert.Equal([false], quiet.OutputOf<bool>());
        Assert.Equal([true], shop.Run("Test-EtlPipeline $name -SnapshotOnly -Quiet").WithoutErrors().OutputOf<bool>());
    }

    [Fact]
    public async Task A_check_makes_nothing_at_either_end_and_a_name_that_is_not_defined_is_an_error()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        shop.Run("Test-EtlPipeline $name").WithoutErrors();
        var unknown = shop.Run("Test-EtlPipeline nobody -Quiet");

        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(shop.File)!));
        Assert.Equal(0, await shop.SlotsAsync() + await shop.PublicationsAsync());
        Assert.Equal("EtlPs.PipelineNotFound", unknown.Errors.Single().Id());
        Assert.Empty(unknown.Output);
    }
}
