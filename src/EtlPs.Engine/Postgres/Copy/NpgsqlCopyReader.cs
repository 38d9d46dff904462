using Npgsql;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>COPY through Npgsql, which hands out one row's message at most with each read.</summary>
internal sealed class NpgsqlCopyReader : ICopyReader
{
    private readonly PostgresConnector _connector;
    private readonly NpgsqlRawCopyStream _stream;
    private readonly ReadPacing _pacing = new(busyInterval: TimeSpan.FromMilliseconds(0.5), pause: TimeSpan.FromMilliseconds(1));
    private bool _ended;

    private NpgsqlCopyReader(PostgresConnector connector, NpgsqlRawCopyStream stream)
    {
        _connector = connector;
        _stream = stream;
    }

    public static async Task<NpgsqlCopyReader> StartAsync(
        PostgresConnector connector, NpgsqlConnection connection, string statement, CancellationToken cancellationToken) =>
        new(connector, await connection.BeginRawBinaryCopyAsync(statement, cancellationToken).ConfigureAwait(false));

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            var filled = 0;
            while (filled < buffer.Length && !_ended)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_pacing.ShouldPause) await _pacing.PauseAsync().ConfigureAwait(false);
                var reading = _stream.ReadAsync(buffer[filled..], cancellationToken);
                var waits = !reading.IsCompleted;
                var read = await reading.ConfigureAwait(false);
                _pacing.Read();
                if (waits) _pacing.Waited();
                filled += read;
                _ended = read == 0;
            }

            return filled;
        }
        catch (Exception e)
        {
            // A cancelled read leaves the server sending; anything else ended the COPY.
            _ended = !cancellationToken.IsCancellationRequested;
            cancellationToken.ThrowIfCancellationRequested();
            throw _connector.Translate(e);
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
