using System.Globalization;
using DuckDB.NET.Data;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// The one owner of a DuckDB database for a run: its lock, its instance, its settings. Nobody else in this process may
/// open the file, not even to read its bytes: closing any descriptor of it drops DuckDB's own (POSIX) lock.
/// </summary>
internal sealed class DuckDbFile : IDisposable
{
    private readonly DestinationLock? fileLock;
    private readonly DuckDBConnection root;
    private readonly HashSet<DuckDBConnection> connections = [];
    private readonly CancellationTokenSource closing = new();
    private int queries;
    private bool closed;

    private DuckDbFile(string path, DestinationLock? fileLock, DuckDBConnection root)
    {
        Path = path;
        this.fileLock = fileLock;
        this.root = root;
    }

    /// <summary>The canonical path, or <c>:memory:</c>.</summary>
    public string Path { get; }

    /// <summary>How many queries run now.</summary>
    internal int RunningQueries => Volatile.Read(ref queries);

    /// <summary>Locks and opens a database; a file that is not there is created.</summary>
    /// <exception cref="EtlException">DestinationLocked, NotADuckDbFile, DestinationUnavailable,
    /// DestinationFull.</exception>
    public static DuckDbFile Open(DuckDbSettings settings) => settings.IsInMemory
        ? new DuckDbFile(settings.Path, null, OpenInstance(settings, settings.Path, readOnly: false))
        : OpenFile(settings, readOnly: false);

    /// <summary>Locks a file that is there and opens it so that nothing in it can change.</summary>
    /// <exception cref="EtlException">DestinationLocked, NotADuckDbFile, DestinationUnavailable.</exception>
    public static DuckDbFile OpenReadOnly(DuckDbSettings settings) => OpenFile(settings, readOnly: true);

    /// <summary>One more connection on the same instance. The owner closes it, at the latest with the file.</summary>
    public DuckDBConnection Connect()
    {
        lock (connections)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            var connection = Path == DuckDbSettings.InMemory
                ? root.Duplicate() : new DuckDBConnection(root.ConnectionString);
            try
            {
                connection.Open();
                connection.Execute("SET TimeZone = 'UTC'");
            }
            catch (DuckDBException e)
            {
                connection.Dispose();
                throw DuckDbErrors.Translate(e, Path);
            }

            connections.Add(connection);
            connection.StateChange += (_, change) =>
            {
                if (change.CurrentState == System.Data.ConnectionState.Closed)
                    Forget(connection);
            };
            return connection;
        }
    }

    /// <summary>
    /// Runs one reading statement on its own connection, beside a run that writes; may be called from any thread.
    /// </summary>
    /// <exception cref="EtlException">QueryFailed.</exception>
    public QueryResult Query(string sql, CancellationToken cancellationToken)
    {
        lock (connections)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            queries++;
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
            using var connection = Connect();
            return new ReadOnlyQuery(connection).Run(sql, either.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && e is OperationCanceledException or ObjectDisposedException)
        {
            throw new EtlException(
                EtlErrorCode.QueryFailed, "The query was interrupted: the run that had the database open ended.",
                    "Run it again.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            lock (connections)
            {
                queries--;
                Monitor.PulseAll(connections);
            }
        }
    }

    /// <summary>
    /// Interrupts queries, writes the WAL into the file, closes the instance and lets the file go. Appenders, readers
    /// and statements have to be closed before: each of them keeps DuckDB's instance open on its own.
    /// </summary>
    public void Dispose()
    {
        lock (connections)
        {
            if (closed)
                return;
            closed = true;
        }

        try
        {
            EndQueries();
            DuckDBConnection[] open;
            lock (connections)
                open = [.. connections];
            foreach (var connection in open)
                connection.Dispose();
            Checkpoint();
            root.Dispose();
        }
        finally
        {
            fileLock?.Dispose();
            closing.Dispose();
        }
    }

    // A query that outlived the file would keep the instance open without its lock, and the next owner in this process
    // would open a second one on the same file.
    private void EndQueries()
    {
        closing.Cancel();
        lock (connections)
            while (queries > 0)
                Monitor.Wait(connections);
    }

    private static DuckDbFile OpenFile(DuckDbSettings settings, bool readOnly)
    {
        var path = DestinationPath.Resolve(settings.Path);
        var fileLock = DestinationLock.Acquire(path);
        try
        {
            DatabaseHeader.Check(path);
            return new DuckDbFile(path, fileLock, OpenInstance(settings, path, readOnly));
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    private static DuckDBConnection OpenInstance(DuckDbSettings settings, string path, bool readOnly)
    {
        var connection = new DuckDBConnection(ConnectionString(settings, path, readOnly));
        try
        {
            connection.Open();
            RefuseAnotherFile(connection, path);
            CloseOffTheOutside(connection);
            connection.Execute("SET TimeZone = 'UTC'");
            return connection;
        }
        catch (DuckDBException e)
        {
            connection.Dispose();
            throw DuckDbErrors.Translate(e, path);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static string ConnectionString(DuckDbSettings settings, string path, bool readOnly)
    {
        var builder = new DuckDBConnectionStringBuilder { DataSource = path };
        if (readOnly)
            builder["access_mode"] = "read_only";
        if (settings.MemoryLimit is { } limit)
            builder["memory_limit"] = string.Create(CultureInfo.InvariantCulture, $"{limit}B");
        var threads = settings.Threads ?? DuckDbSettings.DefaultThreads;
        builder["threads"] = threads.ToString(CultureInfo.InvariantCulture);
        builder["temp_directory"] = settings.IsInMemory
            ? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"etlps-{Guid.NewGuid():N}.tmp")
            : path + ".tmp";
        builder["autoinstall_known_extensions"] = "false";
        builder["autoload_known_extensions"] = "false";
        builder["preserve_insertion_order"] = "false";
        return builder.ConnectionString;
    }

    // Nothing that runs here has business outside the file: COPY TO, ATTACH and log files of a query stay impossible.
    // The spill folder has to be named: without a database file DuckDB would close it off as well.
    private static void CloseOffTheOutside(DuckDBConnection connection)
    {
        var spill = (string)connection.Scalar("SELECT current_setting('temp_directory')")!;
        connection.Execute($"SET allowed_directories = ['{spill.Replace("'", "''", StringComparison.Ordinal)}']");
        connection.Execute("SET enable_external_access = false");
    }

    // DuckDB.NET keeps instances by path without regard to case: where case matters, Copy.duckdb would be copy.duckdb.
    private static void RefuseAnotherFile(DuckDBConnection connection, string path)
    {
        if (path == DuckDbSettings.InMemory)
            return;
        var opened = (string?)connection.Scalar(
            "SELECT path FROM duckdb_databases() WHERE database_name = current_database()");
        if (!string.Equals(opened, path, StringComparison.Ordinal) && !OperatingSystem.IsWindows())
            throw new EtlException(
                EtlErrorCode.DestinationUnavailable,
                $"'{path}' cannot be opened while this process has '{opened}' open: the names differ in case only.",
                "Give the file another name, or open it in another process.") { Subject = path };
    }

    private void Forget(DuckDBConnection connection)
    {
        lock (connections)
            connections.Remove(connection);
    }

    private void Checkpoint()
    {
        try
        {
            root.Execute("CHECKPOINT");
        }
        catch (DuckDBException)
        {
            // What is committed is in the WAL, and the next open reads it: a close must not fail for this.
        }
    }
}
