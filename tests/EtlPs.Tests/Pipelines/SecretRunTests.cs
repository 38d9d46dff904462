using System.Management.Automation;
using System.Text;
using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class SecretRunTests(ServerPool pool)
{
    private const string Canary = "canary-4711";

    [Fact]
    public async Task A_run_with_a_password_leaves_it_on_no_stream_in_no_job_and_not_in_the_copy()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var role = $"r_{shop.Pipeline}";
        var source = await shop.Database.Server.CreateRoleAsync(
            role, Canary, "REPLICATION", shop.Database.Name, TestContext.Current.CancellationToken);
        await shop.Database.ExecuteAsync(
            $"""
            ALTER TABLE customers OWNER TO "{role}"; ALTER TABLE orders OWNER TO "{role}";
            GRANT CREATE ON DATABASE "{shop.Database.Name}" TO "{role}"
            """, TestContext.Current.CancellationToken);

        var result = shop.Session.Run(
            """
            $VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
            Get-EtlTable -Source $given; Get-EtlTable -Source $given | Out-Host
            New-EtlPipeline $name $given $file
            Start-EtlBackfill $name -WhatIf
            Start-EtlBackfill $name
            $job = Start-EtlStream $name -UntilCaughtUp -AsJob
            $job | Wait-Job; $job | Receive-Job
            $job.Command; $job.Name; $job.StatusMessage
            Get-EtlPipeline; Get-EtlPipeline | Out-Host
            Get-EtlSlotLag $name
            Remove-EtlPipeline $name -Confirm:$false
            """,
            ("given", source)).WithoutErrors();

        Assert.Contains(result.Output, output => output.Properties["EndedBy"]?.Value is "CaughtUp");
        Assert.DoesNotContain(Canary, result.AllText(), StringComparison.Ordinal);
        var serialized = result.Output.Select(output => PSSerializer.Serialize(output, 4));
        Assert.DoesNotContain(Canary, string.Join('\n', serialized), StringComparison.Ordinal);
        var copy = await File.ReadAllBytesAsync(shop.File, TestContext.Current.CancellationToken);
        Assert.Equal(-1, copy.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Canary)));
    }
}
