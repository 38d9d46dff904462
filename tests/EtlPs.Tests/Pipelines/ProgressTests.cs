using System.Management.Automation;
using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

/// <summary>What people see while tables are copied, and what they have of it afterwards.</summary>
public sealed class ProgressTests(ServerPool pool)
{
    private const string Totals = @"of 62 tables, [\d,]+ rows, [\d.]+ [KMGB]+, [\d,]+ rows/s$";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Progress_in_all_tells_tables_rows_bytes_rate_percent_and_time_left()
    {
        await using var shop = await ManyTablesAsync();

        var result = shop.Run("Start-EtlBackfill $name").WithoutErrors();

        var parent = result.Progress.Where(record => record.ParentActivityId < 0).ToList();
        Assert.All(parent, record => Assert.Matches("^[0-9]+ " + Totals, record.StatusDescription));
        Assert.Contains(parent, record => record is { PercentComplete: > 0 and < 100, SecondsRemaining: >= 0 });
        Assert.Equal(parent.Select(record => record.PercentComplete)
            .Order(), parent.Select(record => record.PercentComplete));
        Assert.StartsWith("62 of 62 tables, 11,100 rows, ", parent[^1].StatusDescription, StringComparison.Ordinal);
        Assert.Equal((100, 0), (parent[^1].PercentComplete, parent[^1].SecondsRemaining));
        Assert.Equal(ProgressRecordType.Completed, parent[^1].RecordType);

        Assert.Equal(62, result.Output.Count);
        Assert.All(result.Output, table =>
        {
            Assert.True((long)table.Properties["Rows"].Value >= 100);
            Assert.True((long)table.Properties["Bytes"].Value > 0);
            Assert.True((double)table.Properties["RowsPerSecond"].Value > 0);
            Assert.True((TimeSpan)table.Properties["Elapsed"].Value > TimeSpan.Zero);
        });
    }

    [Theory]
    [InlineData("Start-EtlBackfill $name", "Backfill")]
    [InlineData("Start-EtlStream $name -UntilCaughtUp", "Stream")]
    public async Task A_job_has_the_same_progress(string start, string operation)
    {
        await using var shop = await ManyTablesAsync();

        var progress = shop.Run(
            $"$job = {start} -AsJob; if (-not $job.Finished.WaitOne(120000)) {{ throw 'it hangs' }}; $job.Progress")
            .WithoutErrors().OutputOf<ProgressRecord>();

        var parent = progress.Where(record => record.ParentActivityId < 0).ToList();
        Assert.All(parent, record => Assert.Equal($"{operation} of {shop.Pipeline}", record.Activity));
        Assert.Contains(parent, record => System.Text.RegularExpressions.Regex.IsMatch(
            record.StatusDescription, Totals));
        Assert.Equal(ProgressRecordType.Completed, progress[^1].RecordType);
        Assert.All(
            progress.Where(record => record.ParentActivityId > 0).GroupBy(record => record.ActivityId),
            records => Assert.Equal(ProgressRecordType.Completed, records.Last().RecordType));
    }

    [Fact]
    public async Task A_table_that_is_set_aside_in_mid_copy_is_over_too()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        await shop.Database.ExecuteAsync("INSERT INTO orders VALUES (7777, 1, 'NaN', now())", Token);

        var progress = shop.Run("Start-EtlBackfill $name").Progress;

        Assert.StartsWith(
            "2 of 2 tables", progress.Last(record => record.ParentActivityId < 0).StatusDescription,
            StringComparison.Ordinal);
        Assert.Equal(
            ProgressRecordType.Completed, progress.Last(record => record.Activity == "public.orders").RecordType);
    }

    private async Task<Shop> ManyTablesAsync()
    {
        var shop = (await Shop.OpenAsync(pool)).Defined();
        await shop.Database.ExecuteAsync(
            """
            DO $$ BEGIN
                FOR i IN 1..60 LOOP
                    EXECUTE format('CREATE TABLE t%s AS SELECT g AS id FROM generate_series(1, 100) g', i);
                    EXECUTE format('ALTER TABLE t%s ADD PRIMARY KEY (id)', i);
                END LOOP;
            END $$
            """, Token);
        return shop;
    }
}
