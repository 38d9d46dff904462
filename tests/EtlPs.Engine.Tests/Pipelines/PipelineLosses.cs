using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>All losses of a pipeline at once, for tests.</summary>
internal static class PipelineLosses
{
    public static async Task<List<TableLoss>> AllLossesAsync(
        this Pipeline pipeline, params IReadOnlyList<string> tables)
    {
        var losses = new List<TableLoss>();
        await foreach (var part in pipeline.ReadLossesAsync(
            tables, TestContext.Current.CancellationToken)) losses.AddRange(part);
        return losses;
    }
}
