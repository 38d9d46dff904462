using EtlPs.Commands;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Errors;
using EtlPs.Model;

namespace EtlPs.Hosting;

/// <summary>Waits until a pipeline is in a state, or its destination has everything up to a position.</summary>
internal sealed class PipelineWait(RegisteredPipeline target, EtlPipelineState? state, Lsn? lsn)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns what the destination knows then.</summary>
    /// <exception cref="EtlPsException">
    /// PipelineStopped: the run that was to bring it there has ended. The table's own error: one was set aside that was
    /// to be ready.
    /// </exception>
    /// <exception cref="EtlException">The destination cannot be read.</exception>
    public async Task<PipelineStatus?> RunAsync(CancellationToken cancellationToken)
    {
        for (var hasRun = false; ; await Task.Delay(Interval, cancellationToken).ConfigureAwait(false))
        {
            // Before the destination: a run that ends in between has stored what it was to store.
            var isRunning = target.Pipeline.IsRunning;
            PipelineStatus? status = null;
            try
            {
                status = await target.Pipeline.ReadStatusAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (EtlException locked)
                when (locked.Code == EtlErrorCode.DestinationLocked && lsn is null && state != EtlPipelineState.Ready)
            {
                isRunning = true; // In another process.
            }
            if (IsIn(isRunning, status) && (lsn is null || status?.Position >= lsn))
                return status;
            if (hasRun && !isRunning)
                throw EtlErrors.Stopped(target.Name);
            hasRun |= isRunning;
        }
    }

    private bool IsIn(bool isRunning, PipelineStatus? status) => state switch
    {
        EtlPipelineState.Running => isRunning,
        EtlPipelineState.Stopped => !isRunning,
        EtlPipelineState.Ready => IsReady(status),
        _ => true,
    };

    private static bool IsReady(PipelineStatus? status)
    {
        if (status?.Tables.FirstOrDefault(table => table.State == TableState.SetAside) is { } aside)
            throw new EtlPsException(
                aside.ErrorCode ?? nameof(EtlErrorCode.Unexpected),
                $"Table {aside.Source} was set aside and will not be ready: {aside.ErrorMessage}",
                aside.Remedy ?? "");
        return status is { Tables.Count: > 0 } && status.Tables.All(table => table.State == TableState.Ready);
    }
}
