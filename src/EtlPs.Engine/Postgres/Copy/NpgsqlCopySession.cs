using Npgsql;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>A session through Npgsql, for connections that the transport of our own does not speak.</summary>
internal sealed class NpgsqlCopySession(PostgresConnector connector, NpgsqlConnection connection) : ICopySession
{
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        try
        {
            await connection.ExecuteAsync(sql, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Translate(e, cancellationToken);
        }
    }

    public async Task<List<string?[]>> ReadAsync(string sql, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ReadAsync(sql, ReadRow, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Translate(e, cancellationToken);
        }
    }

    public async Task<ICopyReader> CopyAsync(string statement, CancellationToken cancellationToken)
    {
        try
        {
            return await NpgsqlCopyReader.StartAsync(connector, connection, statement, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Translate(e, cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private Exception Translate(Exception exception, CancellationToken cancellationToken) =>
        exception is OperationCanceledException && cancellationToken.IsCancellationRequested
            ? exception
            : connector.Translate(exception);

    private static string?[] ReadRow(NpgsqlDataReader reader)
    {
        var row = new string?[reader.FieldCount];
        for (var i = 0; i < row.Length; i++)
            row[i] = reader.GetText(i);
        return row;
    }
}
