using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Commands;

public sealed class ArgumentTests
{
    [Theory]
    [InlineData("250MB", 250L << 20)]
    [InlineData("'250MB'", 250L << 20)]
    [InlineData("'250 mb'", 250L << 20)]
    [InlineData("'4GB'", 4L << 30)]
    [InlineData("'4GiB'", 4L << 30)]
    [InlineData("'1.5KB'", 1536L)]
    [InlineData("1000", 1000L)]
    [InlineData("'1000'", 1000L)]
    public async Task A_memory_limit_is_bytes_or_a_text_with_a_unit(string given, long bytes)
    {
        await using var host = ModuleHost.Create();

        var result = host.Run($"(New-EtlDestination ':memory:' -MemoryLimit {given}).MemoryLimit").WithoutErrors();

        Assert.Equal(bytes, Assert.Single(result.Output).BaseObject);
    }

    [Theory]
    [InlineData("''")]
    [InlineData("'MB'")]
    [InlineData("'plenty'")]
    [InlineData("'-1GB'")]
    [InlineData("0")]
    [InlineData("-5")]
    public async Task A_memory_limit_that_is_none_is_refused(string given)
    {
        await using var host = ModuleHost.Create();

        var result = host.Run($"New-EtlDestination ':memory:' -MemoryLimit {given}");

        Assert.Empty(result.Output);
        Assert.Single(result.Errors);
    }

    [Fact]
    public async Task A_destination_path_is_taken_from_the_sessions_location_not_the_processs()
    {
        await using var host = ModuleHost.Create();
        var folder = Directory.CreateTempSubdirectory("etlps").FullName;

        var result = host.Run(
            """
            $null = $ExecutionContext.SessionState.Path.SetLocation($folder)
            (New-EtlDestination shop.duckdb).Path
            (New-EtlPipeline shop 'Host=db1' ./shop.duckdb).Destination.Path
            (New-EtlPipeline shop 'Host=db1' (New-EtlDestination ':memory:')).Destination.Path
            """,
            ("folder", folder)).WithoutErrors();

        var file = Path.Combine(folder, "shop.duckdb");
        Assert.Equal([file, file, ":memory:"], result.OutputOf<string>());
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Theory]
    [InlineData("'Host=db1;Port=5433;Database=shop;Username=etl'")]
    [InlineData("'postgres://etl@db1:5433/shop'")]
    [InlineData("'postgresql://etl@db1:5433/shop'")]
    [InlineData("([uri]'postgres://etl@db1:5433/shop')")]
    [InlineData("(New-EtlSource db1 shop -Port 5433 -UserName etl)")]
    public async Task A_source_is_a_connection_string_a_URI_or_an_object(string given)
    {
        await using var host = ModuleHost.Create();

        var source = host.Run($"(New-EtlPipeline shop {given} ':memory:').Source").WithoutErrors().Output.Single();

        Assert.Equal("db1", source.Properties["Host"].Value);
        Assert.Equal(5433, source.Properties["Port"].Value);
        Assert.Equal("shop", source.Properties["Database"].Value);
        Assert.Equal("etl", source.Properties["UserName"].Value);
    }

    [Theory]
    [InlineData("New-EtlPipeline Shop 'Host=db1' ':memory:'", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline 'my shop' 'Host=db1' ':memory:'", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline ('a' * 41) 'Host=db1' ':memory:'", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline shop 'nonsense' ':memory:'", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline shop 'mysql://db1/shop' ':memory:'", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline shop 'Host=db1' 'nodrive:/shop.duckdb'", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline shop 'Host=db1' 'env:shop'", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline shop 'Host=db1' ':memory:' -SlotName 'My-Slot'", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline p 'Host=db1' ':memory:'; Start-EtlStream p -UntilLsn 12", "EtlPs.InvalidArgument")]
    [InlineData("New-EtlPipeline p 'Host=db1' ':memory:'; Start-EtlStream p -Duration 0", "EtlPs.InvalidArgument")]
    [InlineData(
        "New-EtlPipeline p 'Host=db1' ':memory:'; Start-EtlStream p -ReconnectTimeout -1", "EtlPs.InvalidArgument")]
    [InlineData("Get-EtlSlot nonsense", "EtlPs.InvalidArgument")]
    [InlineData("Remove-EtlSlot nonsense etlps_shop", "EtlPs.InvalidArgument")]
    [InlineData("Invoke-EtlQuery -Source nonsense 'SELECT 1'", "EtlPs.InvalidArgument")]
    [InlineData("Start-EtlBackfill nope", "EtlPs.PipelineNotFound")]
    [InlineData("Stop-EtlPipeline nope", "EtlPs.PipelineNotFound")]
    [InlineData("Get-EtlPipeline nope", "EtlPs.PipelineNotFound")]
    [InlineData("Invoke-EtlQuery nope 'SELECT 1'", "EtlPs.PipelineNotFound")]
    public async Task What_cannot_be_right_is_refused_with_a_typed_error_and_a_remedy(string script, string id)
    {
        await using var host = ModuleHost.Create();

        var error = Assert.Single(host.Run(script).Errors);

        Assert.Equal(id, error.Id());
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
        Assert.EndsWith(error.ErrorDetails.RecommendedAction, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wildcards_that_match_nothing_are_no_error()
    {
        await using var host = ModuleHost.Create();

        Assert.Empty(host.Run("Get-EtlPipeline x*; Start-EtlBackfill x*; Stop-EtlPipeline *").WithoutErrors().Output);
    }

    [Fact]
    public async Task A_name_that_is_defined_again_is_the_new_definition()
    {
        await using var host = ModuleHost.Create();

        var result = host.Run(
            """
            New-EtlPipeline shop 'Host=db1' ':memory:' | . { process { } }
            New-EtlPipeline shop 'Host=db2' ':memory:' -Table 'public.*' | . { process { } }
            Get-EtlPipeline shop
            """).WithoutErrors();

        var pipeline = Assert.Single(result.Output);
        Assert.Equal("db2", ((dynamic)pipeline.Properties["Source"].Value).Host);
        Assert.Equal(["public.*"], (string[])pipeline.Properties["Table"].Value);
        Assert.Equal("etlps_shop", pipeline.Properties["SlotName"].Value);
    }

    [Fact]
    public async Task A_credential_may_be_empty_or_have_a_role_that_looks_like_a_domain()
    {
        await using var host = ModuleHost.Create();
        using var password = new System.Net.NetworkCredential("", "x").SecurePassword;

        var result = host.Run(
            """
            (New-EtlSource db1 shop -Credential ([pscredential]::Empty)).UserName
            (New-EtlSource db1 shop -Credential $backslash).UserName
            (New-EtlSource db1 shop).UserName
            """,
            ("backslash", new System.Management.Automation.PSCredential("dom\\", password))).WithoutErrors()
            .OutputOf<string>();

        Assert.Equal([result[2], "dom\\"], result.Take(2));
    }

    [Fact]
    public async Task A_destination_that_is_resolved_stays_where_it_is_whatever_the_location()
    {
        await using var host = ModuleHost.Create();
        var file = Path.Combine(Path.GetTempPath(), "shop.duckdb");

        var result = host.Run(
            """
            $destination = New-EtlDestination $file
            $pipeline = New-EtlPipeline shop 'Host=db1' $destination
            $null = $ExecutionContext.SessionState.Path.SetLocation('Env:')
            (New-EtlPipeline shop 'Host=db1' $destination).Destination.Path
            (New-EtlPipeline shop 'Host=db1' ([IO.FileInfo]$file)).Destination.Path
            (New-EtlPipeline shop 'Host=db1' $pipeline.Destination).Destination.Path
            """,
            ("file", file)).WithoutErrors();

        Assert.Equal([file, file, file], result.OutputOf<string>());
    }
}
