using System.Management.Automation;
using System.Net;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Commands;

public sealed class SecretTests
{
    private const string Canary = "canary-4711";

    [Fact]
    public async Task No_stream_and_no_text_of_any_object_holds_the_password()
    {
        await using var host = ModuleHost.Create();
        var folder = Directory.CreateTempSubdirectory("etlps").FullName;

        // Port 1 refuses: errors of the connection are part of what must not tell.
        var result = host.Run(
            """
            $VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
            $ErrorActionPreference = 'Continue'
            $source = New-EtlSource 127.0.0.1 shop -Port 1 -Credential $credential
            $source; "$source"
            foreach ($given in $text, $uri, $source) {
                $pipeline = New-EtlPipeline shop $given $file
                $pipeline; "$pipeline"; $pipeline.Source
                try { Start-EtlBackfill shop -WhatIf } catch { $_ }
                try { Start-EtlBackfill shop } catch { $_ }
                try { Start-EtlStream shop -AsJob } catch { $_ }
                try { Get-EtlSlotLag shop } catch { $_ }
                try { Invoke-EtlQuery -Source $given -Query 'SELECT 1' } catch { $_ }
                try { Remove-EtlPipeline shop -Confirm:$false } catch { $_ }
            }
            try { New-EtlPipeline bad "Hots=x;Password=$secret" ':memory:' } catch { $_ }
            try { New-EtlPipeline bad "postgres://u:$secret@[/x" ':memory:' } catch { $_ }
            Get-Job
            """,
            ("credential", new PSCredential("etl", new NetworkCredential("", Canary).SecurePassword)),
            ("text", $"Host=127.0.0.1;Port=1;Database=shop;Username=etl;Password={Canary}"),
            ("uri", $"postgres://etl:{Canary}@127.0.0.1:1/shop"),
            ("secret", Canary),
            ("file", Path.Combine(folder, "shop.duckdb")));

        Assert.NotEmpty(result.Output);
        Assert.Contains(
            result.OutputOf<ErrorRecord>(), error => error.Id() == "EtlPs.SourceUnreachable");
        SecretText.AssertAbsent(Canary, result.AllText());
        var errors = result.OutputOf<ErrorRecord>().Select(e => $"{e} {e.Exception} {e.TargetObject}");
        SecretText.AssertAbsent(Canary, string.Join('\n', errors));
        var serialized = result.Output.Select(o => PSSerializer.Serialize(o, 4));
        SecretText.AssertAbsent(Canary, string.Join('\n', serialized));
    }

    [Theory]
    [InlineData($"postgres://etl:{Canary}@db1/shop")]
    [InlineData($"Host=db1;Username=etl;Password={Canary}")]
    [InlineData($"etl:{Canary}@db1")]
    [InlineData($"db1 password {Canary}")]
    public async Task A_connection_text_given_for_a_host_is_refused_without_a_word_of_it(string host)
    {
        await using var session = ModuleHost.Create();

        var refused = session.Run("New-EtlSource $given shop", ("given", host));

        var error = refused.Errors.Single();
        Assert.Equal("EtlPs.InvalidArgument", error.Id());
        SecretText.AssertAbsent(Canary, $"{refused.AllText()} {error} {error.Exception} {error.TargetObject}");
        Assert.Empty(refused.Output);
    }
}
