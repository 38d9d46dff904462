using EtlPs.Testing.Crashes;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// What a run takes beside the process at rest, in a process of its own, whose peak the system keeps: far less than
/// what goes through it, so that neither a transaction nor a table is held anywhere.
/// </summary>
public sealed class MemoryTests(ServerPool pool)
{
    private const long Megabyte = 1 << 20;
    private const long MemoryLimit = 60 * Megabyte;
    private const long MostAboveIdle = 400 * Megabyte;
    private const int MegabytesOfRows = 300;
    private const string Sums = "SELECT concat_ws('|', count(*), sum(id), sum(length(v)), max(v)) FROM t";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("System", "Linux")]
    public async Task A_transaction_and_a_table_of_five_times_the_memory_limit_are_held_nowhere()
    {
        await using var scenario = await Scenario.CreateAsync(pool, "CREATE TABLE t (id int PRIMARY KEY, v text)");
        await scenario.BackfillAsync();
        // Rows too short for Postgres to compress, and no two alike.
        await scenario.ExecuteAsync(
            $"INSERT INTO t SELECT i, repeat(md5(i::text), 32) FROM generate_series(1, {MegabytesOfRows} * 1024) i");

        var stream = scenario.Process with { MemoryLimit = MemoryLimit };
        Assert.InRange(await PeakAsync(stream, PipelineOperation.CatchUp), 0, MostAboveIdle);
        await scenario.AssertSameAsync(Sums, Sums);

        var copy = stream with { File = scenario.File + ".copy", Name = stream.Name + "_copy", Workers = 2 };
        Assert.InRange(await PeakAsync(copy, PipelineOperation.Backfill), 0, MostAboveIdle);
    }

    private static async Task<long> PeakAsync(PipelineProcess process, PipelineOperation operation)
    {
        var outcome = await process.RunAsync(operation, cancellationToken: Token);
        Assert.True(outcome.ExitCode == 0, outcome.ErrorOutput);
        return PipelineProcess.PeakMemoryOf(outcome);
    }
}
