using EtlPs.Engine.Postgres.Wire;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>
/// The thread that waits for the network in place of a stream's reader. Between two calls of <see cref="ReceiveAsync"/>
/// it leaves the session's input alone, so that the reader takes its messages from there.
/// </summary>
internal sealed class WireReceiver : IAsyncDisposable
{
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(2);

    private readonly WireSession _session;
    private readonly string _statement;
    private readonly ReadPacing _pacing;
    private readonly Thread _thread;
    private readonly AutoResetEvent _asked = new(false);
    private readonly ManualResetEventSlim _ending = new(false, spinCount: 0);
    private readonly ManualResetEventSlim _closing = new(false, spinCount: 0);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _sending = new();
    private volatile TaskCompletionSource? _received;
    private long _waitingSince;
    private bool _started;
    private bool _isEndSent;
    private bool _drained;

    public WireReceiver(WireSession session, string statement, ReadPacing pacing)
    {
        _session = session;
        _statement = statement;
        _pacing = pacing;
        _thread = new Thread(Run) { IsBackground = true, Name = "EtlPs stream" };
        _thread.Start();
    }

    /// <summary>Whether the stream has begun, and nothing is being received now.</summary>
    public bool IsReceived => Volatile.Read(ref _started) && _received is null;

    /// <summary>
    /// Since when the server has been waited for, as of <see cref="Environment.TickCount64"/>; 0: it is not.
    /// </summary>
    public long WaitingSince => Volatile.Read(ref _waitingSince);

    /// <summary>Waits for more; ends also when the stream is to end.</summary>
    public async Task ReceiveAsync()
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _received = received;
        _asked.Set();
        // Asked for in this order, an end that comes meanwhile is not missed.
        if (_ending.IsSet)
            received.TrySetResult();
        await received.Task.ConfigureAwait(false);
        _received = null;
    }

    /// <summary>Sends beside the stream; nothing before it has begun, nor once it ends.</summary>
    /// <param name="message">Makes the message when its turn has come, so that a later one never says less.</param>
    public void Send(Func<byte[]> message)
    {
        lock (_sending)
            if (Volatile.Read(ref _started) && !_isEndSent)
                _session.Send(message());
    }

    /// <summary>Gives the server up, which does not answer. From any thread.</summary>
    public void Abort() => _session.Abort();

    /// <summary>Ends a wait, and asks the server for the stream's end. From any thread.</summary>
    public void End()
    {
        if (_ending.IsSet)
            return;
        try
        {
            lock (_sending)
            {
                if (Volatile.Read(ref _started) && !_isEndSent)
                    _session.Send(FrontendMessage.CopyDone());
                _isEndSent = true;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The connection is gone already.
        }

        _ending.Set();
        _received?.TrySetResult();
        _asked.Set();
    }

    public async ValueTask DisposeAsync()
    {
        End();
        _closing.Set();
        // A network may swallow all that it is given, and a server send all of a large transaction before it looks.
        await Task.WhenAny(_ended.Task, Task.Delay(PatienceAtEnd, CancellationToken.None)).ConfigureAwait(false);
        if (!_ended.Task.IsCompleted)
            _session.Abort();
        await _ended.Task.ConfigureAwait(false);
        _session.Dispose();
        _asked.Dispose();
        _ending.Dispose();
        _closing.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _asked.WaitOne();
            // An end completes it, and the reader forgets it, whatever this thread is at.
            var received = _received;
            if (_ending.IsSet || received is null)
                break;
            try
            {
                Receive();
                received.TrySetResult();
            }
            catch (Exception e)
            {
                received.TrySetException(e);
            }
        }

        // Until then somebody may still look at what was received.
        _closing.Wait();
        Drain();
        _ended.SetResult();
    }

    private void Receive()
    {
        if (_drained && _pacing.TakePause() is { Ticks: > 0 } pause)
            _ending.Wait(pause);
        Volatile.Write(ref _waitingSince, Environment.TickCount64);
        try
        {
            if (!_started)
            {
                _session.StartReplication(_statement);
                lock (_sending)
                {
                    Volatile.Write(ref _started, true);
                    // Nobody could ask for the end of what had not begun.
                    if (_isEndSent)
                        _session.Send(FrontendMessage.CopyDone());
                }

                return;
            }

            _drained = _session.ReceiveAll();
            _pacing.Waited();
        }
        finally
        {
            Volatile.Write(ref _waitingSince, 0);
        }
    }

    /// <summary>
    /// Reads the stream to the end that was asked for, so that the server takes all reports and frees its slot.
    /// </summary>
    private void Drain()
    {
        try
        {
            if (_started)
                _session.FinishReplication();
        }
        catch (Exception)
        {
            // The stream is over either way, and what broke it was told to its reader.
        }
    }
}
