using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

/// <summary>What comes out of one cmdlet and goes into the next.</summary>
public sealed class PipingTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pipelines_of_one_name_that_are_not_the_same_are_each_run()
    {
        await using var shop = await Shop.OpenAsync(pool);

        var result = shop.Run(
            """
            $file, "$file.2" | ForEach-Object { [pscustomobject]@{ Name = $name; Source = $source; Destination = $_ } } |
                New-EtlPipeline -Table orders | Start-EtlBackfill -SnapshotOnly
            """);

        Assert.Equal(["Ready", "Ready"], result.WithoutErrors().Output.Select(table => table.Text("State")));
        Assert.True(File.Exists(shop.File) && File.Exists($"{shop.File}.2"));
    }
}
