using DuckDB.NET.Data;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>One reading statement in a read-only transaction of its own connection.</summary>
internal sealed class ReadOnlyQuery(DuckDBConnection connection)
{
    // An interrupt that arrives between two steps of DuckDB is forgotten by the next one: so it is repeated.
    private static readonly TimeSpan InterruptInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs it and reads all rows.</summary>
    /// <exception cref="EtlException">QueryFailed.</exception>
    public QueryResult Run(string sql, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var interrupt = new Timer(_ => connection.NativeConnection.Interrupt());
        try
        {
            connection.Execute("BEGIN TRANSACTION READ ONLY");
            using (cancellationToken.Register(() => interrupt.Change(TimeSpan.Zero, InterruptInterval)))
            {
                ReadOnlyStatement.Check(connection, sql);
                return Read(sql, cancellationToken);
            }
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is DuckDBException or OperationCanceledException)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException e)
        {
            throw new EtlException(EtlErrorCode.QueryFailed, "The query was interrupted: the run that it belongs to ended.",
                "Run it again.", e);
        }
        catch (DuckDBException e)
        {
            throw DuckDbErrors.TranslateQuery(e);
        }
        finally
        {
            StopInterrupting(interrupt);
            connection.Execute("ROLLBACK");
        }
    }

    private QueryResult Read(string sql, CancellationToken cancellationToken)
    {
        using var command = new DuckDBCommand(sql, connection);
        using var reader = command.ExecuteReader();
        var readers = new QueryColumn[reader.FieldCount];
        for (var i = 0; i < readers.Length; i++)
            readers[i] = new QueryColumn(reader, i);
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = new object?[readers.Length];
            for (var i = 0; i < row.Length; i++)
                row[i] = readers[i].Read();
            rows.Add(row);
        }

        return new QueryResult([.. readers.Select(r => r.Name)], rows);
    }

    // Waits for a callback under way: after this no interrupt may reach the ROLLBACK or a closed connection.
    private static void StopInterrupting(Timer interrupt)
    {
        using var stopped = new ManualResetEvent(false);
        if (interrupt.Dispose(stopped))
            stopped.WaitOne();
    }
}
