using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Wire;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// Tells the server what is stored, on time even while nobody reads the stream, and notices a server that does not answer.
/// </summary>
internal sealed class WireStatusReports : IAsyncDisposable
{
    private readonly WireSession _session;
    private readonly WireReceiver _receiver;
    private readonly WalSenderPatience _patience;
    private readonly Timer _timer;
    private ulong _confirmed;
    private ulong _written;
    private long _sent = Environment.TickCount64;

    public WireStatusReports(WireSession session, WireReceiver receiver, WalSenderPatience patience, Lsn start)
    {
        _session = session;
        _receiver = receiver;
        _patience = patience;
        // Until something is confirmed, a report must not take the slot back nor forward of what is stored.
        _confirmed = _written = start.Value;
        var period = patience.StatusInterval < patience.LongestSilence / 4 ? patience.StatusInterval : patience.LongestSilence / 4;
        _timer = new Timer(_ => Tick(), null, period, period);
    }

    public void Confirm(Lsn flushed)
    {
        if (flushed.Value > Volatile.Read(ref _confirmed))
            Volatile.Write(ref _confirmed, flushed.Value);
    }

    /// <summary>Reports now.</summary>
    /// <param name="written">Up to where was received.</param>
    public void Send(Lsn written)
    {
        Volatile.Write(ref _written, written.Value);
        Send(asksForAnswer: false);
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Send(bool asksForAnswer)
    {
        var flushed = Volatile.Read(ref _confirmed);
        var written = Math.Max(flushed, Volatile.Read(ref _written));
        _receiver.Send(FrontendMessage.StandbyStatus(new Lsn(written), new Lsn(flushed), asksForAnswer));
        Volatile.Write(ref _sent, Environment.TickCount64);
    }

    private void Tick()
    {
        var now = Environment.TickCount64;
        var waiting = _receiver.WaitingSince is > 0 and var since ? TimeSpan.FromMilliseconds(now - since) : TimeSpan.Zero;
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
