using Npgsql;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>COPY through Npgsql, which hands out one row's message at most with each read.</summary>
internal sealed class NpgsqlCopyReader : ICopyReader
{
    // Postgres sends 8 KB at a time. What comes in a millisecond fits the socket's buffer.
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(1);

    private readonly PostgresConnector _connector;
    private readonly NpgsqlRawCopyStream _stream;
    private readonly ManualResetEventSlim _cancelled = new(false, spinCount: 0);
    private bool _ended;

    private NpgsqlCopyReader(PostgresConnector connector, NpgsqlRawCopyStream stream)
    {
        _connector = connector;
        _stream = stream;
    }

    public static async Task<NpgsqlCopyReader> StartAsync(
        PostgresConnector connector, NpgsqlConnection connection, string statement, CancellationToken cancellationToken) =>
        new(connector, await connection.BeginRawBinaryCopyAsync(statement, cancellationToken).ConfigureAwait(false));

    public int Read(Memory<byte> buffer)
    {
        try
        {
            var filled = 0;
            while (filled < buffer.Length && !_ended)
            {
                var read = ReadPiece(buffer[filled..]);
                filled += read;
                _ended = read == 0;
            }

            return filled;
        }
        catch (Exception e)
        {
            _ended = true;
            throw _connector.Translate(e);
        }
    }

    /// <summary>One row at most. Where it had to be waited for, more is left to gather, so that the next reads need not wait.</summary>
    private int ReadPiece(Memory<byte> buffer)
    {
        var reading = _stream.ReadAsync(buffer, CancellationToken.None);
        if (reading.IsCompletedSuccessfully)
            return reading.Result;
        var read = reading.AsTask().GetAwaiter().GetResult();
        _cancelled.Wait(GatherTime);
        return read;
    }

    public void Cancel()
    {
        _cancelled.Set();
        try
        {
            _stream.Cancel();
        }
        catch (Exception e) when (e is NpgsqlException or IOException or InvalidOperationException)
        {
            // The session is broken already, and with it the COPY.
        }
    }

    /// <summary>Ends the COPY; where it was not read to its end the server is told to stop.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // Without this the rest of the table would be read and thrown away.
            if (!_ended)
                await _stream.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // The session is broken already, and with it the COPY.
        }

        try
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // What ended the copy has been told by ReadAsync; a cancelled COPY says so once more here.
        }
    }
}
