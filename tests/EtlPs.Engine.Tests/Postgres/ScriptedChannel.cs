using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Tests.Postgres;

/// <summary>
/// A channel that hands out given messages, for orders of them that no server can be made to send at will.
/// </summary>
internal sealed class ScriptedChannel(IEnumerable<byte[]> messages) : IReplicationChannel
{
    private readonly Queue<byte[]> _messages = new(messages);

    public ReadOnlyMemory<byte> Message { get; private set; }

    public Lsn ServerPosition => Idle;

    /// <summary>The position that it tells while somebody waits for a message.</summary>
    public Lsn Idle { get; set; }

    public TimeSpan StatusInterval => TimeSpan.FromSeconds(10);

    public ValueTask<bool> MoveNextAsync()
    {
        if (!_messages.TryDequeue(out var message)) return new ValueTask<bool>(false);
        Message = message;
        return new ValueTask<bool>(true);
    }

    public bool TryGetIdlePosition(out Lsn position)
    {
        position = Idle;
        return position.IsKnown;
    }

    public bool TakesPositionsInOrder => false;

    public bool IsPositionAwaited => false;

    public void Confirm(Lsn flushed)
    {
    }

    public ValueTask SendStatusAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
