using System.Globalization;
using DuckDB.NET.Data;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// The one owner of a DuckDB database for a run: its lock, its instance, its settings. Nobody else in this process may open
/// the file, not even to read its bytes: closing any descriptor of it drops DuckDB's own (POSIX) lock.
/// </summary>
internal sealed class DuckDbFile : IDisposable
{
    private readonly DestinationLock? fileLock;
    private readonly DuckDBConnection root;
    private readonly HashSet<DuckDBConnection> connections = [];
    private bool closed;

    private DuckDbFile(string path, DestinationLock? fileLock, DuckDBConnection root)
    {
        Path = path;
        this.fileLock = fileLock;
        this.root = root;
    }

    /// <summary>The canonical path, or <c>:memory:</c>.</summary>
    public string Path { get; }

    /// <summary>Locks and opens a database; a file that is not there is created.</summary>
    /// <exception cref="EtlException">DestinationLocked, NotADuckDbFile, DestinationUnavailable, DestinationFull.</exception>
    public static DuckDbFile Open(DuckDbSettings settings)
    {
        if (settings.IsInMemory)
            return new DuckDbFile(settings.Path, null, OpenInstance(settings, settings.Path));
        var path = DestinationPath.Resolve(settings.Path);
        var fileLock = DestinationLock.Acquire(path);
        try
        {
            DatabaseHeader.Check(path);
            return new DuckDbFile(path, fileLock, OpenInstance(settings, path));
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    /// <summary>Locks a file that is there and opens it so that nothing in it can change.</summary>
    /// <exception cref="EtlException">DestinationLocked, NotADuckDbFile, DestinationUnavailable.</exception>
    public static DuckDbFile OpenReadOnly(DuckDbSettings settings)
    {
        var path = DestinationPath.Resolve(settings.Path);
        var fileLock = DestinationLock.Acquire(path);
        try
        {
            DatabaseHeader.Check(path);
            return new DuckDbFile(path, fileLock, OpenInstance(settings, path, readOnly: true));
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    /// <summary>One more connection on the same instance. The owner closes it, at the latest with the file.</summary>
    public DuckDBConnection Connect()
    {
        lock (connections)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            var connection = Path == DuckDbSettings.InMemory ? root.Duplicate() : new DuckDBConnection(root.ConnectionString);
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

    /// <summary>Runs one reading statement on its own connection, beside a run that writes.</summary>
    /// <exception cref="EtlException">QueryFailed.</exception>
    public QueryResult Query(string sql, CancellationToken cancellationToken)
    {
        using var connection = Connect();
        return new ReadOnlyQuery(connection).Run(sql, cancellationToken);
    }

    /// <summary>Writes the WAL into the file, closes the instance and lets the file go.</summary>
    public void Dispose()
    {
        DuckDBConnection[] open;
        lock (connections)
        {
            if (closed)
                return;
            closed = true;
            open = [.. connections];
        }

        try
        {
            foreach (var connection in open)
                connection.Dispose();
            Checkpoint();
            root.Dispose();
        }
        finally
        {
            fileLock?.Dispose();
        }
    }

    private static DuckDBConnection OpenInstance(DuckDbSettings settings, string path, bool readOnly = false)
    {
        var connection = new DuckDBConnection(ConnectionString(settings, path, readOnly));
        try
        {
            connection.Open();
            RefuseAnotherFile(connection, path);
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
        if (settings.Threads is { } threads)
            builder["threads"] = threads.ToString(CultureInfo.InvariantCulture);
        builder["temp_directory"] = settings.IsInMemory
            ? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"etlps-{Guid.NewGuid():N}.tmp")
            : path + ".tmp";
        builder["autoinstall_known_extensions"] = "false";
        builder["autoload_known_extensions"] = "false";
        builder["preserve_insertion_order"] = "false";

        // Nothing that runs here has business outside the file: COPY TO, ATTACH and log files of a query stay impossible.
        builder["enable_external_access"] = "false";
        return builder.ConnectionString;
    }

    // DuckDB.NET keeps instances by path without regard to case: where case matters, Copy.duckdb would be copy.duckdb.
    private static void RefuseAnotherFile(DuckDBConnection connection, string path)
    {
        if (path == DuckDbSettings.InMemory)
            return;
        var opened = (string?)connection.Scalar("SELECT path FROM duckdb_databases() WHERE database_name = current_database()");
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
