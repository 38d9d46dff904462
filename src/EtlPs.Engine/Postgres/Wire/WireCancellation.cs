namespace EtlPs.Engine.Postgres.Wire;

/// <summary>
/// Ends what a session runs: by the server, or by closing the connection where the server does not answer in time.
/// </summary>
internal sealed class WireCancellation(WireSession session)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly object _gate = new();
    private Thread? _thread;

    /// <summary>Whether it was asked for.</summary>
    public bool IsRequested => Volatile.Read(ref _thread) is not null;

    /// <summary>Returns at once. From any thread.</summary>
    public void Request()
    {
        lock (_gate)
        {
            if (_thread is not null)
                return;
            _thread = new Thread(Run) { IsBackground = true, Name = "EtlPs cancel" };
            _thread.Start();
        }
    }

    /// <summary>Waits until it has done all that it will do to the session, where it was asked for.</summary>
    public void Join() => Volatile.Read(ref _thread)?.Join();

    private void Run()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            session.RequestCancel(limit.Token);
        }
        catch (Exception)
        {
            // The server may not have been told: then it notices when it sends to a closed connection. Whatever it was,
            // out of a thread it would end the process.
        }

        if (!session.WaitReady(Patience))
            session.Abort();
    }
}
