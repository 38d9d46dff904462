using System.Management.Automation;
using System.Text.Json;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Pipelines;

public sealed class DefinitionFileTests(ServerPool pool)
{
    private const string Canary = "canary-4711";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_and_one_command_are_a_runbook()
    {
        await using var shop = await Shop.OpenAsync(pool);
        shop.Run("New-EtlPipeline $name $source $file -ExcludeTable orders | Export-EtlPipeline -Path $path",
            ("path", shop.Definition()))
            .WithoutErrors();
        await using var other = ModuleHost.Create();

        var run = other.Run("Import-EtlPipeline $path | Start-EtlStream -UntilCaughtUp", ("path", shop.Definition()))
            .WithoutErrors();

        Assert.Equal(
            (shop.Pipeline, "CaughtUp"), (run.Output.Single().Text("Name"), run.Output.Single().Text("EndedBy")));
        Assert.Equal("public.customers", other.Run("(Get-EtlPipeline).Tables").WithoutErrors().Output.Single()
            .Text("Table"));
        Assert.True(File.Exists(shop.File));
    }

    [Fact]
    public async Task Every_setting_comes_back_and_every_parameter_is_in_file_and_schema()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var second = shop.Definition("again.json");
        var settings = new Dictionary<string, object>
        {
            ["Table"] = new[] { "public.*", "\"Shop\".\"Order lines\"" }, ["ExcludeTable"] = new[] { "a?" },
                ["Publication"] = "Cdc",
            ["SlotName"] = "slot_1", ["FailoverSlot"] = true, ["DestinationSchema"] = "copy",
            ["TableMap"] = new System.Collections.Hashtable { ["public.\"Orders\""] = "orders_2", ["a"] = "b" },
            ["ColumnMap"] = new System.Collections.Hashtable { ["public.orders.\"Id\""] = "id_2" },
            ["UnboundedNumeric"] = new System.Collections.Hashtable { ["public.orders.total"] = "Decimal(38,10)",
                ["*"] = "Double" },
            ["OnUnrepresentable"] = new System.Collections.Hashtable { ["public.orders.total"] = "Null",
                ["*"] = "Quarantine" },
        };

        var result = shop.Run(
            """
            $from = 'Host=db1;Port=5433;Database=shop;Username=etl;SSL Mode=VerifyFull;Timeout=7'
            $to = New-EtlDestination $file -MemoryLimit 1GB -Threads 3
            New-EtlPipeline full $from $to @settings | Export-EtlPipeline -Path $path | Out-Null
            New-EtlPipeline bare $from ':memory:' | Out-Null
            Import-EtlPipeline $path
            Export-EtlPipeline full $second | Out-Null
            Get-Command New-EtlPipeline | ForEach-Object { $_.Parameters.Keys }
            """.Replace("| Out-Null", "> $null", StringComparison.Ordinal),
            ("settings", settings), ("path", shop.Definition()), ("second", second)).WithoutErrors();

        var pipeline = result.Output[0];
        Assert.Equal("shop on db1:5433 as etl", pipeline.Text("Source"));
        Assert.Equal((shop.File, "slot_1", "Cdc", "copy"), (
            pipeline.Text("Destination"), pipeline.Text("SlotName"), pipeline.Text("Publication"),
            pipeline.Text("DestinationSchema")));
        Assert.Equal((string[])settings["Table"], (string[])pipeline.Properties["Table"].Value);
        var written = await File.ReadAllTextAsync(shop.Definition(), Token);
        Assert.Equal(written, await File.ReadAllTextAsync(second, Token));
        Assert.Contains("\"path\": \"shop.duckdb\"", written, StringComparison.Ordinal);

        using var document = JsonDocument.Parse(written);
        using var schema = JsonDocument.Parse(
            await File.ReadAllTextAsync(RepositoryRoot.File("EtlPs.Pipeline.schema.json"), Token));
        Assert.Equal(schema.RootElement.GetProperty("$id").GetString(), document.RootElement.GetProperty("$schema")
            .GetString());
        var definitions = schema.RootElement.GetProperty("$defs");
        var exported = document.RootElement.GetProperty("pipelines")[0];
        // Those that make source and destination, what has a default there, and what comes from the pipeline.
        var parameters = result.Output.Skip(1).Select(o => (string)o.BaseObject)
            .Except(Cmdlet.CommonParameters).Except(["MemoryLimit", "InputObject"])
            .Select(JsonNamingPolicy.CamelCase.ConvertName).Order();
        Assert.Equal(parameters, Names(exported).Order());
        Assert.Equal(parameters, Names(definitions.GetProperty("pipeline").GetProperty("properties")).Order());
        Assert.Subset(
            Names(definitions.GetProperty("source").GetProperty("properties")).ToHashSet(),
            Names(exported.GetProperty("source")).ToHashSet());
        Assert.Equal(
            Names(definitions.GetProperty("destination").GetProperty("properties")),
            Names(exported.GetProperty("destination")));
    }

    [Theory]
    [InlineData("'Host=db1;Database=shop;Username=etl;Password=canary-4711;SSL Password=canary-4711'")]
    [InlineData("'postgres://etl:canary-4711@db1/shop'")]
    [InlineData("(New-EtlSource db1 shop -Credential ([pscredential]::new('etl', $secure)))")]
    public async Task No_password_gets_into_a_file_and_that_it_is_missing_is_told(string from)
    {
        await using var shop = await Shop.OpenAsync(pool);
        var secure = new System.Net.NetworkCredential("", Canary).SecurePassword;

        var result = shop.Run(
            $"""
            New-EtlPipeline shop {from} $file > $null
            $told = Export-EtlPipeline shop $path -Verbose 3>&1
            $told
            Export-EtlPipeline shop $path -SecretName db -Force > $null
            """,
            ("path", shop.Definition()), ("secure", secure)).WithoutErrors();

        Assert.Contains("-Credential", $"{result.Output[0]}", StringComparison.Ordinal);
        Assert.Empty(result.Warnings);
        Assert.DoesNotContain(Canary, result.AllText(), StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, await File.ReadAllTextAsync(shop.Definition(), Token), StringComparison.Ordinal);
        Assert.Equal([shop.Definition()], Directory.GetFiles(Path.GetDirectoryName(shop.File)!));
    }

    [Fact]
    public async Task A_password_comes_from_a_credential_or_a_vaults_secret()
    {
        await using var shop = await Shop.OpenAsync(pool);
        var role = $"r_{shop.Pipeline}";
        var source = await shop.Database.Server.CreateRoleAsync(role, Canary, "", shop.Database.Name, Token);
        var credential = new PSCredential(role, new System.Net.NetworkCredential("", Canary).SecurePassword);
        shop.Run(
            "New-EtlPipeline $name $given $file > $null; Export-EtlPipeline $name $path -SecretName db -Vault ops > "
            + "$null",
            ("given", source), ("path", shop.Definition())).WithoutErrors();
        const string Ask = "; (Invoke-EtlQuery -Source (Get-EtlPipeline $name).Source 'SELECT current_user AS u').u";

        var none = shop.Run("Import-EtlPipeline $path");
        var given = shop.Run("Import-EtlPipeline $path -Credential $credential > $null"
            + Ask, ("credential", credential)).WithoutErrors();
        var asked = shop.Run(
            "function Get-Secret { param($Name, $Vault) if ($Name -eq 'db' -and $Vault -eq 'ops') { $credential } }; "
            + "Import-EtlPipeline $path > $null"
            + Ask).WithoutErrors();
        var alone = shop.Run(
            "function Get-Secret { $credential.Password }; Import-EtlPipeline $path > $null" + Ask).WithoutErrors();
        shop.Run("function Get-Secret { throw 'canary-4711 is locked' }").WithoutErrors();
        var failing = shop.Run("Import-EtlPipeline $path");
        shop.Run("Export-EtlPipeline $name $path -Force > $null").WithoutErrors();

        Assert.Equal("EtlPs.SecretUnavailable", none.Errors.Single().Id());
        Assert.All([given, asked, alone], result => Assert.Equal(role, result.Output.Single().BaseObject));
        Assert.Equal("EtlPs.SecretUnavailable", failing.Errors.Single().Id());
        Assert.DoesNotContain(Canary, failing.AllText(), StringComparison.Ordinal);
        // An imported pipeline still knows its secret.
        Assert.Contains(
            "\"vault\": \"ops\"", await File.ReadAllTextAsync(shop.Definition(), Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:2", "pipelines": [] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop" }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": "d", "password": "canary-4711" }, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": "d", "options": { "Password": "canary-4711" } }, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": "d" }, "destination": { "path": "x" }, "colour": "canary-4711" }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": "d" }, "destination": { "path": "x" }, "table": 4711 }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "Not A Name", "source": { "host": "h", "database": "d" }, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": null }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [null] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": null, "source": { "host": "h", "database": "d" }, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": null, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": null, "database": "d" }, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": null }, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": "d", "options": { "SSL Mode": null } }, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": "d", "secret": { "vault": "v" } }, "destination": { "path": "x" } }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": "d" }, "destination": null }] }""")]
    [InlineData("""{ "$schema": "urn:etlps:pipeline:1", "pipelines": [{ "name": "shop", "source": { "host": "h", "database": "d" }, "destination": { "path": null } }] }""")]
    public async Task A_file_that_is_none_is_refused_in_words_that_quote_no_value(string content)
    {
        await using var shop = await Shop.OpenAsync(pool);
        await File.WriteAllTextAsync(shop.Definition(), content, Token);

        var refused = shop.Run("Import-EtlPipeline $path; Get-EtlPipeline", ("path", shop.Definition()));

        Assert.Equal("EtlPs.InvalidArgument", refused.Errors.Single().Id());
        Assert.DoesNotContain("4711", refused.AllText(), StringComparison.Ordinal);
        Assert.Empty(refused.Output);
    }

    [Fact]
    public async Task A_file_is_replaced_only_by_force_and_written_only_where_that_is_agreed_to()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();

        shop.Run("Export-EtlPipeline $name $path -WhatIf", ("path", shop.Definition())).WithoutErrors();
        var whatIfLeft = File.Exists(shop.Definition());
        var made = shop.Run("Export-EtlPipeline $name $path").WithoutErrors();
        var refused = shop.Run("Export-EtlPipeline $name $path");
        shop.Run("Export-EtlPipeline $name $path -Force").WithoutErrors();
        var nowhere = shop.Run("Export-EtlPipeline $name nosuchfolder/x.json");
        var missing = shop.Run("Import-EtlPipeline $path nosuch");

        Assert.False(whatIfLeft);
        Assert.Equal(shop.Definition(), Assert.Single(made.OutputOf<FileInfo>()).FullName);
        Assert.Equal("EtlPs.InvalidArgument", refused.Errors.Single().Id());
        Assert.Equal("EtlPs.InvalidArgument", nowhere.Errors.Single().Id());
        Assert.Equal("EtlPs.PipelineNotFound", missing.Errors.Single().Id());
    }

    private static IEnumerable<string> Names(JsonElement element) =>
        element.EnumerateObject().Select(property => property.Name);
}
