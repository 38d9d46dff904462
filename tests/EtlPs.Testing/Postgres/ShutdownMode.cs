namespace EtlPs.Testing.Postgres;

/// <summary>How a server is stopped, as pg_ctl names it.</summary>
public enum ShutdownMode
{
    /// <summary>Waits until all clients are gone.</summary>
    Smart,

    /// <summary>Ends the clients' sessions, and writes a checkpoint.</summary>
    Fast,

    /// <summary>As a crash: the next start recovers from WAL.</summary>
    Immediate,
}
