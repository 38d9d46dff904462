using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using EtlPs.Engine.Pipelines.Events;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>
/// What a watch has told and nobody has taken yet. It has room for 256 events, and for 16 MB of changes as the source
/// sent them, so that who takes slowly holds up the source's sending, however large its rows are. One change has room
/// in any case.
/// </summary>
public sealed class ChangeQueue
{
    private const long Room = 16 << 20;
    private const long LeastCost = Room / 256;

    private readonly object _gate = new();
    private readonly Channel<PipelineEvent> _events =
        Channel.CreateUnbounded<PipelineEvent>(new UnboundedChannelOptions { SingleReader = true });

    private TaskCompletionSource _taken = NextTaken();
    private long _held;

    /// <summary>Adds an event once there is room.</summary>
    /// <param name="told">The event.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public async ValueTask WriteAsync(PipelineEvent told, CancellationToken cancellationToken)
    {
        while (!TryAdmit(Cost(told), out var taken)) await taken.WaitAsync(cancellationToken).ConfigureAwait(false);
        // Without a bound of its own the channel takes everything.
        _events.Writer.TryWrite(told);
    }

    /// <summary>Waits until there is something to take.</summary>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) =>
        _events.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes the next event, if there is one.</summary>
    public bool TryRead([NotNullWhen(true)] out PipelineEvent? told)
    {
        if (!_events.Reader.TryRead(out told)) return false;
        TaskCompletionSource taken;
        lock (_gate)
        {
            _held -= Cost(told);
            taken = _taken;
            _taken = NextTaken();
        }
        taken.SetResult();
        return true;
    }

    private bool TryAdmit(long cost, out Task taken)
    {
        lock (_gate)
        {
            taken = _taken.Task;
            if (_held > 0 && _held + cost > Room) return false;
            _held += cost;
            return true;
        }
    }

    private static long Cost(PipelineEvent told) => Math.Max(LeastCost, told is SourceChange change ? change.Bytes : 0);

    private static TaskCompletionSource NextTaken() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
