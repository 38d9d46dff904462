using DuckDB.NET.Data;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// One reading statement in a read-only transaction of its own connection, which the caller closes afterwards: that
/// ends the transaction too.
/// </summary>
internal sealed class ReadOnlyQuery(DuckDBConnection connection)
{
    // An interrupt that arrives between two steps of DuckDB is forgotten by the next one: so it is repeated.
    private static readonly TimeSpan InterruptInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs it and reads all rows.</summary>
    /// <exception cref="Pipelines.Errors.EtlException">QueryFailed.</exception>
    public QueryResult Run(string sql, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var interrupt = new Timer(_ => connection.NativeConnection.Interrupt());
        using var registration = cancellationToken.Register(() => interrupt.Change(TimeSpan.Zero, InterruptInterval));
        try
        {
            connection.Execute("BEGIN TRANSACTION READ ONLY");
            return Read(sql, ReadOnlyStatement.Check(connection, sql), cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // DuckDB says it in several ways, by the step it was interrupted in.
            throw new OperationCanceledException(cancellationToken);
        }
        catch (DuckDBException e)
        {
            throw DuckDbErrors.TranslateQuery(e);
        }
        finally
        {
            registration.Dispose();
            StopInterrupting(interrupt);
        }
    }

    private QueryResult Read(string sql, QueryType[] types, CancellationToken cancellationToken)
    {
        using var command = new DuckDBCommand(sql, connection);
        using var reader = command.ExecuteReader();
        var columns = new QueryColumn[reader.FieldCount];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = new QueryColumn(reader, i, types[i]);
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = new object?[columns.Length];
            for (var i = 0; i < row.Length; i++)
                row[i] = columns[i].Read();
            rows.Add(row);
        }

        return new QueryResult([.. columns.Select(c => c.Name)], rows);
    }

    // Waits for a callback under way: after this no interrupt may reach a closed connection.
    private static void StopInterrupting(Timer interrupt)
    {
        using var stopped = new ManualResetEvent(false);
        if (interrupt.Dispose(stopped))
            stopped.WaitOne();
    }
}
