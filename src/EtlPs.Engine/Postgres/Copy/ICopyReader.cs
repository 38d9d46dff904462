namespace EtlPs.Engine.Postgres.Copy;

/// <summary>
/// A running COPY … TO STDOUT (FORMAT BINARY), as raw bytes with header and trailer. Reads block: they are made by a
/// thread of their own, since a pool's threads spin between the many small pieces that Postgres sends.
/// </summary>
internal interface ICopyReader : IAsyncDisposable
{
    /// <summary>Fills the buffer, less of it only at the end; 0 at the end.</summary>
    int Read(Span<byte> buffer);

    /// <summary>Makes a read that waits, and every later one, fail. From any thread.</summary>
    void Cancel();
}
