namespace EtlPs.Engine.Postgres.Copy;

/// <summary>A running COPY … TO STDOUT (FORMAT BINARY), as raw bytes with header and trailer.</summary>
internal interface ICopyReader : IAsyncDisposable
{
    /// <summary>Fills some of the buffer; 0 at the end.</summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
