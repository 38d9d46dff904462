using System.Management.Automation;
using System.Text;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Pipelines;

public sealed class SecretRunTests(ServerPool pool)
{
    private const string Canary = "canary-4711";

    /// <summary>Every cmdlet, with everything that can be seen of what it returns, does, and fails with.</summary>
    private const string EveryCmdlet =
        """
        $VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
        $described = New-EtlSource $hostName $database -Port $port -Credential $credential
        $described; "$described"; $described | Out-Host
        Get-EtlTable -Source $given; Get-EtlTable -Source $described | Out-Host
        New-EtlPipeline $name $given (New-EtlDestination $file)
        Test-EtlPipeline $name; Test-EtlPipeline $name | Out-Host
        Test-EtlTypeFidelity $name
        Initialize-EtlPipeline $name -AsScript
        Watch-EtlChange -Source $given public.orders -Timeout 1
        Start-EtlBackfill $name -WhatIf
        Start-EtlBackfill $name
        $job = Start-EtlStream $name -AsJob
        Get-EtlPipeline; Get-EtlPipeline | Out-Host
        Invoke-EtlQuery -Name $name -Query 'SELECT * FROM etlps.pipelines'
        Invoke-EtlQuery -Source $given -Query 'SELECT 1 AS one'
        Wait-EtlPipeline $name -Timeout 60
        Reset-EtlTable $name public.orders
        Stop-EtlPipeline $name
        $job | Wait-Job; $job | Receive-Job -Keep; $job | Receive-Job *>&1
        $job.Command; $job.Name; $job.StatusMessage; $job.Location
        Get-EtlSlotLag $name
        Get-EtlLoss $name
        Get-EtlSlot $given
        try { Remove-EtlSlot $given "etlps_$name" -Confirm:$false -ErrorAction Stop } catch { $_ }
        try { Start-EtlStream $name -UntilLsn "no$([char]32)lsn" } catch { $_ }
        try { New-EtlPipeline wrong ($given + 'x') ':memory:' | Start-EtlBackfill } catch { $_ }
        try { New-EtlPipeline wrong ($given + ';Nonsense=1') ':memory:' } catch { $_ }
        Test-EtlPipeline wrong
        Export-EtlPipeline $name "$file.json"
        Import-EtlPipeline "$file.json" -Credential $credential
        Remove-EtlPipeline $name -Confirm:$false
        $Error
        """;

    [Fact]
    public async Task A_run_with_a_password_leaves_it_on_no_stream_in_no_error_no_job_and_no_file()
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
        using var password = new System.Net.NetworkCredential("", Canary).SecurePassword;

        var result = shop.Session.Run(
            EveryCmdlet,
            ("given", source),
            ("hostName", "127.0.0.1"),
            ("port", shop.Database.Server.Port),
            ("database", shop.Database.Name),
            ("credential", new PSCredential(role, password)));

        Assert.Contains(result.Output, output => output.Properties["EndedBy"]?.Value is "Stopped");
        Assert.Contains(result.OutputOf<ErrorRecord>(), error => error.Id() == "EtlPs.AuthenticationFailed");
        SecretText.AssertAbsent(Canary, result.AllText());
        var serialized = result.Output.Select(output => PSSerializer.Serialize(output, 4));
        SecretText.AssertAbsent(Canary, string.Join('\n', serialized));
        foreach (var file in Directory.EnumerateFiles(
            Path.GetDirectoryName(shop.File)!, "*", SearchOption.AllDirectories))
            SecretText.AssertAbsent(
                Canary, Encoding.Latin1.GetString(
                    await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Every_cmdlet_is_called_there()
    {
        await using var host = ModuleHost.Create();

        foreach (var command in host.Run("Get-Command -Module EtlPs").WithoutErrors().OutputOf<CmdletInfo>())
            Assert.Contains(command.Name + " ", EveryCmdlet, StringComparison.Ordinal);
    }
}
