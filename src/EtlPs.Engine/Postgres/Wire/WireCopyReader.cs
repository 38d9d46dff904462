using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>A COPY over the transport of our own.</summary>
internal sealed class WireCopyReader(WireSession session, Func<Exception, Exception> translate) : Copy.ICopyReader
{
    private const int DrainBytes = 64 * 1024;

    // After little the next read would wait, and wake up for 8 KB, which is how Postgres sends.
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(1);

    private readonly ManualResetEventSlim _cancelled = new(false, spinCount: 0);
    private readonly WireCancellation _cancellation = new(session);
    private Exception? _error;
    private bool _ended;
    private bool _drained;

    public int Read(Span<byte> buffer)
    {
        try
        {
            if (_error is not null)
                throw _error;
            var filled = 0;
            while (filled < buffer.Length && !_ended)
            {
                if (_cancellation.IsRequested)
                    throw Stopped();
                filled += session.Input.TakeCopyData(buffer[filled..], out var isOver);
                if (isOver)
                    Finish();
                else if (filled < buffer.Length)
                    Receive();
            }

            return filled;
        }
        catch (Exception e)
        {
            _error ??= translate(e);
            throw _error;
        }
    }

    public void Cancel()
    {
        _cancellation.Request();
        _cancelled.Set();
    }

    /// <summary>Ends the COPY; where it was not read to its end the server is told to stop.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!session.IsReady)
            await BlockingCall.RunAsync(Drain).ConfigureAwait(false);
        else if (_cancellation.IsRequested)
            // It came to its end by itself meanwhile: what is on its way would hit the next statement.
            await BlockingCall.RunAsync(_cancellation.Join).ConfigureAwait(false);
    }

    private void Receive()
    {
        if (_drained)
            _cancelled.Wait(GatherTime);
        _drained = session.ReceiveAll();
    }

    private static EtlException Stopped() => new(
        EtlErrorCode.TimedOut, "The copy was stopped.", "Start again: it goes on from what is stored.");

    private void Finish()
    {
        _ended = true;
        session.FinishCopy();
    }

    private void Drain()
    {
        _cancellation.Request();
        var scratch = new byte[DrainBytes];
        try
        {
            while (!session.IsReady)
            {
                var taken = session.Input.TakeCopyData(scratch, out var isOver);
                if (isOver)
                    session.FinishCopy();
                // Only once all that was received is taken: into a full buffer nothing can be received.
                else if (taken < scratch.Length)
                    session.Input.Receive();
            }
        }
        catch (Exception)
        {
            // What ended the copy was told by Read; a cancelled COPY says so once more here.
        }

        // Or it might close the session in the next statement's face.
        _cancellation.Join();
    }
}
