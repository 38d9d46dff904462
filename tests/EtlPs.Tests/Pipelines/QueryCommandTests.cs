using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class QueryCommandTests(ServerPool pool)
{
    private const string Endless =
        "SELECT count(*) AS n FROM range(100000000) a, range(100000000) b WHERE a.range + b.range < 0";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_sides_answer_with_objects_that_have_a_property_for_each_column()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var rows = shop.Run(
            """
            $sql = 'SELECT id, total, customer AS id, customer AS "ID", NULL AS nothing
                      FROM public.orders ORDER BY 1 LIMIT 1'
            Invoke-EtlQuery $name $sql
            Get-EtlPipeline $name | Invoke-EtlQuery -Query $sql
            Invoke-EtlQuery -Source $source $sql
            """).WithoutErrors().Output;

        Assert.Equal(3, rows.Count);
        foreach (var row in rows)
        {
            Assert.Equal(["id", "total", "id_2", "ID_3", "nothing"], row.Properties.Select(property => property.Name));
            Assert.Equal(1L, row.Properties["id"].Value);
            Assert.Equal(1.25m, row.Properties["total"].Value);
            Assert.Equal(2, row.Properties["id_2"].Value);
            Assert.Null(row.Properties["nothing"].Value);
        }
    }

    [Fact]
    public async Task A_moment_inside_a_list_or_a_struct_is_the_same_as_by_itself()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var moments = shop.Run(
            """
            $row = Invoke-EtlQuery $name "SELECT t, [t] AS list, {'t': t} AS struct FROM (SELECT TIMESTAMPTZ '2024-01-01 10:00:00+02' AS t)"
            $row.t
            $row.list[0]
            $row.struct['t']
            """).WithoutErrors().Output;

        Assert.Equal(3, moments.Count);
        Assert.All(moments, moment =>
        {
            var value = Assert.IsType<DateTime>(moment.BaseObject);
            Assert.Equal(new DateTime(2024, 1, 1, 8, 0, 0), value);
            Assert.Equal(DateTimeKind.Utc, value.Kind);
        });
    }

    [Fact]
    public async Task Two_sessions_that_look_into_one_file_wait_for_each_other()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("$null = Start-EtlBackfill $name").WithoutErrors();
        await using var other = shop.OpenSession();
        using var over = new CancellationTokenSource();
        other.Run("$null = New-EtlPipeline $name $source $file").WithoutErrors();

        var endless = Task.Run(() => other.RunAsync("Invoke-EtlQuery $name $sql", over.Token, ("sql", Endless)), Token);
        while (!File.Exists($"{shop.File}.etlps-owner"))
            await Task.Yield();
        var looks = Task.Run(
            () => shop.Run("Get-EtlTable $name; Start-EtlStream $name -UntilCaughtUp; Stop-EtlPipeline $name"), Token);
        await over.CancelAsync();

        Assert.Equal(3, (await looks).WithoutErrors().Output.Count);
        Assert.True((await endless).WasStopped);
    }
}
