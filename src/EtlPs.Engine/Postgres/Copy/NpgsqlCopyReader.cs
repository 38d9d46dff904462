using System.Diagnostics;
using Npgsql;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>COPY through Npgsql, which hands out one row's message at most with each read.</summary>
internal sealed class NpgsqlCopyReader : ICopyReader
{
    // So few that their own copying takes much less than any wait.
    private const int PiecesTimed = 64;
    private static readonly TimeSpan ReadTime = TimeSpan.FromMilliseconds(0.1);

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
        PostgresConnector connector, NpgsqlConnection connection, string statement,
        CancellationToken cancellationToken) =>
        new(connector, await connection.BeginRawBinaryCopyAsync(statement, cancellationToken).ConfigureAwait(false));

    public int Read(Span<byte> buffer)
    {
        try
        {
            var filled = 0;
            while (filled < buffer.Length && !_ended)
            {
                var begun = Stopwatch.GetTimestamp();
                filled += ReadPieces(buffer[filled..]);
                // It waited for the network: more is left to gather now, so that the next reads need not wait.
                if (!_ended && Stopwatch.GetElapsedTime(begun) > ReadTime)
                    _cancelled.Wait(GatherTime);
            }

            return filled;
        }
        catch (Exception e)
        {
            _ended = true;
            throw _connector.Translate(e);
        }
    }

    /// <summary>Some rows: Npgsql hands out one row's message at most with each read.</summary>
    private int ReadPieces(Span<byte> buffer)
    {
        var filled = 0;
        for (var piece = 0; piece < PiecesTimed && filled < buffer.Length && !_ended; piece++)
        {
            var read = _stream.Read(buffer[filled..]);
            filled += read;
            _ended = read == 0;
        }

        return filled;
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
        catch (Exception e)
            when (e is NpgsqlException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // The session is broken already, and with it the COPY.
        }

        try
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is NpgsqlException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // What ended the copy has been told by ReadAsync; a cancelled COPY says so once more here.
        }
    }
}
