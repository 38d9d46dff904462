using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// A started logical replication stream. One reader; status may be sent from elsewhere while it waits.
/// </summary>
internal interface IReplicationChannel : IAsyncDisposable
{
    /// <summary>
    /// The current pgoutput message (an XLogData payload), valid until the next <see cref="MoveNextAsync"/>.
    /// </summary>
    ReadOnlyMemory<byte> Message { get; }

    /// <summary>
    /// The greatest WAL end the server has told. It moves before the message it came with is handed out, so it says
    /// nothing about what has been read: only <see cref="TryGetIdlePosition"/> may be stored and acknowledged.
    /// </summary>
    Lsn ServerPosition { get; }

    /// <summary>How often the channel reports by itself: at most a third of the server's wal_sender_timeout.</summary>
    TimeSpan StatusInterval { get; }

    /// <summary>
    /// Goes to the next message; completes synchronously where one is buffered. False when the token given at the start
    /// ended the stream; every other end is an error, translated.
    /// </summary>
    ValueTask<bool> MoveNextAsync();

    /// <summary>
    /// The position up to which the server has nothing more for us: believed only while a <see cref="MoveNextAsync"/>
    /// waits for the network, and did so before and after the look. Every message handed out before lies below it.
    /// </summary>
    bool TryGetIdlePosition(out Lsn position);

    /// <summary>
    /// Whether an idle position is known in its place among the messages, and not only by the look of a wait.
    /// </summary>
    bool TakesPositionsInOrder { get; }

    /// <summary>Whether the server waits for a later position to be confirmed, as one that shuts down does.</summary>
    bool IsPositionAwaited { get; }

    /// <summary>What the next status update reports as flushed and applied. Never goes backwards.</summary>
    void Confirm(Lsn flushed);

    /// <summary>Reports now.</summary>
    ValueTask SendStatusAsync(CancellationToken cancellationToken);
}
