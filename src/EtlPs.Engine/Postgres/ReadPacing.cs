using System.Diagnostics;

namespace EtlPs.Engine.Postgres;

/// <summary>
/// Whether to pause before the next read of a socket. Postgres sends small pieces, and every piece that a reader waits
/// for wakes an event thread and a pool thread, which spins before it sleeps again: more work than the piece itself.
/// Where pieces come fast, a short pause lets many gather; where they come slowly, nothing waits.
/// </summary>
/// <param name="busyInterval">Pieces that come closer together than this are gathered.</param>
/// <param name="pause">How long, and so how much later a piece may be seen.</param>
internal sealed class ReadPacing(TimeSpan busyInterval, TimeSpan pause)
{
    private long _waitEnded = Stopwatch.GetTimestamp();
    private long _pieces;
    private bool _isBusy;

    /// <summary>Whether the next read should be preceded by a pause.</summary>
    public bool ShouldPause => _isBusy;

    /// <summary>Notes a piece that was read.</summary>
    public void Read() => _pieces++;

    /// <summary>Notes that a read had to wait, and has ended.</summary>
    public void Waited()
    {
        var now = Stopwatch.GetTimestamp();
        _isBusy = _pieces > 0 && Stopwatch.GetElapsedTime(_waitEnded, now) < busyInterval * _pieces;
        _waitEnded = now;
        _pieces = 0;
    }

    /// <summary>Waits for pieces to gather.</summary>
    public Task PauseAsync() => Task.Delay(TakePause(), CancellationToken.None);

    /// <summary>How long to wait now for pieces to gather; zero where they come slowly.</summary>
    public TimeSpan TakePause()
    {
        var taken = _isBusy ? pause : TimeSpan.Zero;
        _isBusy = false;
        return taken;
    }
}
