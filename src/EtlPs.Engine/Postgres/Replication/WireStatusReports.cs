using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Wire;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// Tells the server what is stored, on time even while nobody reads the stream, and notices a server that does not
/// answer.
/// </summary>
internal sealed class WireStatusReports : IAsyncDisposable
{
    private const long SameAgainAfter = 100; // ms

    private readonly WireSession _session;
    private readonly WireReceiver _receiver;
    private readonly WalSenderPatience _patience;
    private readonly Timer _timer;
    private ulong _confirmed;
    private ulong _written;
    private ulong _told;
    private bool _isAwaited;
    private long _sent = Environment.TickCount64;

    public WireStatusReports(WireSession session, WireReceiver receiver, WalSenderPatience patience, Lsn start)
    {
        _session = session;
        _receiver = receiver;
        _patience = patience;
        // Until something is confirmed, a report must not take the slot back nor forward of what is stored.
        _confirmed = _written = start.Value;
        var period = patience.StatusInterval < patience.LongestSilence / 4
            ? patience.StatusInterval
            : patience.LongestSilence / 4;
        _timer = new Timer(_ => Tick(), null, period, period);
    }

    /// <summary>Whether the server waits for a position that moves: it asked, and we had nothing new to say.</summary>
    public bool IsAwaited => Volatile.Read(ref _isAwaited);

    public void Confirm(Lsn flushed)
    {
        if (flushed.Value <= Volatile.Read(ref _confirmed))
            return;
        Volatile.Write(ref _confirmed, flushed.Value);
        if (IsAwaited)
            Send(asksForAnswer: false);
    }

    /// <summary>Reports now.</summary>
    /// <param name="written">Up to where was received.</param>
    public void Send(Lsn written)
    {
        Volatile.Write(ref _written, written.Value);
        Send(asksForAnswer: false);
    }

    /// <summary>
    /// Answers a server that asks. One that shuts down asks again with every answer until its last position is stored:
    /// it hears the same only now and then, and what is new at once.
    /// </summary>
    /// <param name="written">Up to where was received.</param>
    public void Answer(Lsn written)
    {
        var isNew = Volatile.Read(ref _told) != Volatile.Read(ref _confirmed);
        if (isNew || Environment.TickCount64 - Volatile.Read(ref _sent) >= SameAgainAfter)
            Send(written);
        Volatile.Write(ref _isAwaited, true);
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Send(bool asksForAnswer)
    {
        Volatile.Write(ref _isAwaited, false);
        _receiver.Send(() =>
        {
            var flushed = Volatile.Read(ref _confirmed);
            Volatile.Write(ref _told, flushed);
            return FrontendMessage.StandbyStatus(
                new Lsn(Math.Max(flushed, Volatile.Read(ref _written))), new Lsn(flushed), asksForAnswer);
        });
        Volatile.Write(ref _sent, Environment.TickCount64);
    }

    private void Tick()
    {
        var now = Environment.TickCount64;
        var waiting = _receiver.WaitingSince is > 0 and var since
            ? TimeSpan.FromMilliseconds(now - since)
            : TimeSpan.Zero;
        if (waiting > _patience.LongestSilence)
        {
            _session.Abort();
            return;
        }

        try
        {
            var isSilent = waiting > _patience.LongestSilence / 2;
            if (isSilent || TimeSpan.FromMilliseconds(now - Volatile.Read(ref _sent)) >= _patience.StatusInterval / 2)
                Send(isSilent);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The connection broke: whoever waits for it is told.
        }
    }
}
