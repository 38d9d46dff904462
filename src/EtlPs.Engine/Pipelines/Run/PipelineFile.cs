using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// One pipeline's destination: a run opens it, readings go through the run's instance, or open it themselves, one at a
/// time and never while a run is about to: a run does not fail for a query, nor a query for a run. Another process, or
/// another session of this one, may look into the file for a moment: that is waited for.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "A semaphore holds nothing to free unless its wait handle is asked for.")]
internal sealed class PipelineFile(DuckDbSettings settings)
{
    private static readonly TimeSpan LongestReadingElsewhere = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turn = new(1);
    private volatile DuckDbFile? _running;
    private DuckDbFile? _memory;

    /// <summary>Opens the destination for a run; whoever gets it ends with <see cref="CloseAsync"/>.</summary>
    /// <param name="prepare">What comes before anybody else sees the file.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<DuckDbFile> OpenAsync(Func<DuckDbFile, Task> prepare, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (settings.IsInMemory) return _running = _memory ??= DuckDbFile.Open(settings);
            var file = await OpenAsync(() => DuckDbFile.Open(settings), cancellationToken).ConfigureAwait(false);
            try
            {
                await prepare(file).ConfigureAwait(false);
            }
            catch
            {
                file.Dispose();
                throw;
            }
            return _running = file;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends a run's use; a database in memory lives on.</summary>
    public async Task CloseAsync()
    {
        // A reading that comes now waits until the lock of the file is free.
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            var file = _running;
            _running = null;
            if (!settings.IsInMemory) file?.Dispose();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Looks into the destination; null is given where it does not exist yet.</summary>
    public async Task<T> ReadAsync<T>(Func<DestinationReading?, Task<T>> read, CancellationToken cancellationToken)
    {
        if (DestinationReading.TryOn(_running) is { } beside)
        {
            using (beside) return await read(beside).ConfigureAwait(false);
        }
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var reading = DestinationReading.TryOn(_running ?? _memory)
                ?? await OpenAsync(() => DestinationReading.OpenExisting(settings), cancellationToken)
                    .ConfigureAwait(false);
            return await read(reading).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static async Task<T> OpenAsync<T>(Func<T> open, CancellationToken cancellationToken)
    {
        var patience = new Patience(LongestReadingElsewhere);
        while (true)
        {
            try
            {
                return open();
            }
            catch (EtlException e) when (e.Code == EtlErrorCode.DestinationLocked && patience.IsLeft)
            {
                await Patience.PauseAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
