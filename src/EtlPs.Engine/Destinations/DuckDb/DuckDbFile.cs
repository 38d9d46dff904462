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
    // DuckDB names a database after its file, and cannot tell shop.orders from a table of a database shop: a file may
    // be called as one of its schemas is, so that it is attached under a name that no schema has.
    internal const string Catalog = "etlps_file";

    private readonly DestinationLock? fileLock;
    private readonly DuckDBConnection root;
    private readonly HashSet<DuckDBConnection> connections = [];
    private readonly CancellationTokenSource closing = new();
    private readonly object catalog = new();
    private int readings;
    private bool closed;

    private DuckDbFile(string path, DestinationLock? fileLock, DuckDBConnection root)
    {
        Path = path;
        this.fileLock = fileLock;
        this.root = root;
    }

    /// <summary>The canonical path, or <c>:memory:</c>.</summary>
    public string Path { get; }

    /// <summary>How many read now.</summary>
    internal int RunningQueries => Volatile.Read(ref readings);

    /// <summary>Locks and opens a database; a file that is not there, or is empty, is made.</summary>
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
            var connection = root.Duplicate();
            try
            {
                connection.Open();
                Prepare(connection, Path);
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
    /// How many rows are stored together from now on, in all tables (<see cref="RowGroups"/>). DuckDB takes it when it
    /// attaches a file: nobody may have a connection yet.
    /// </summary>
    public void UseRowGroupsOf(int rows)
    {
        if (Path == DuckDbSettings.InMemory || rows == RowGroups.Most) return;
        lock (connections)
        {
            if (connections.Count > 0) throw new InvalidOperationException("The file is in use.");
            root.Execute("USE memory");
            root.Execute($"DETACH {Catalog}");
            root.Execute(Attach(Path, string.Create(CultureInfo.InvariantCulture, $"ROW_GROUP_SIZE {rows}")));
            Prepare(root, Path);
        }
    }

    /// <summary>
    /// Runs a transaction that may change DuckDB's catalog, one at a time: two at once conflict, and the later commit
    /// fails.
    /// </summary>
    public void ChangeCatalog(DuckDBConnection connection, Action statements)
    {
        lock (catalog) connection.InTransaction(statements);
    }

    /// <summary>
    /// Runs one reading statement on its own connection, beside a run that writes; may be called from any thread.
    /// </summary>
    /// <exception cref="EtlException">QueryFailed.</exception>
    public QueryResult Query(string sql, CancellationToken cancellationToken)
    {
        try
        {
            BeginReading();
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
                using var connection = Connect();
                FindTablesOfPublic(connection);
                return new ReadOnlyQuery(connection).Run(sql, either.Token);
            }
            finally
            {
                EndReading();
            }
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
    }

    /// <summary>Keeps the file open, should its owner close it meanwhile, until <see cref="EndReading"/>.</summary>
    /// <exception cref="ObjectDisposedException">It is closed already.</exception>
    public void BeginReading()
    {
        lock (connections)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            readings++;
        }
    }

    /// <summary>Ends what <see cref="BeginReading"/> began.</summary>
    public void EndReading()
    {
        lock (connections)
        {
            readings--;
            Monitor.PulseAll(connections);
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
            while (readings > 0)
                Monitor.Wait(connections);
    }

    private static DuckDbFile OpenFile(DuckDbSettings settings, bool readOnly)
    {
        var path = DestinationPath.Resolve(settings.Path);
        var fileLock = DestinationLock.Acquire(path);
        try
        {
            if (readOnly || !NewDatabase.IsDue(path)) DatabaseHeader.Check(path);
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
        var connection = new DuckDBConnection(ConnectionString(settings, path));
        try
        {
            connection.Open();
            if (path != DuckDbSettings.InMemory)
            {
                if (!readOnly && NewDatabase.IsDue(path)) NewDatabase.Make(connection, path);
                connection.Execute(Attach(path, readOnly ? "READ_ONLY" : ""));
            }
            CloseOffTheOutside(connection, path);
            Prepare(connection, path);
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

    private static string Attach(string path, string option) =>
        $"ATTACH {Literal(path)} AS {Catalog}{(option.Length > 0 ? $" ({option})" : "")}";

    private static string ConnectionString(DuckDbSettings settings, string path)
    {
        var builder = new DuckDBConnectionStringBuilder { DataSource = DuckDbSettings.InMemory };
        if (settings.CountedMemory is { } limit)
            builder["memory_limit"] = string.Create(CultureInfo.InvariantCulture, $"{limit}B");
        var threads = settings.Threads ?? DuckDbSettings.DefaultThreads;
        builder["threads"] = threads.ToString(CultureInfo.InvariantCulture);
        builder["temp_directory"] = settings.IsInMemory
            ? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"etlps-{Guid.NewGuid():N}.tmp")
            : path + ".tmp";
        builder["autoinstall_known_extensions"] = "false";
        builder["autoload_known_extensions"] = "false";
        builder["preserve_insertion_order"] = "false";
        // A checkpoint rewrites every touched row group: at DuckDB's own 16 MB a busy stream pays for it in most
        // seconds.
        builder["checkpoint_threshold"] = "64MB";
        return builder.ConnectionString;
    }

    private static void Prepare(DuckDBConnection connection, string path)
    {
        if (path != DuckDbSettings.InMemory)
            connection.Execute($"USE {Catalog}");
        connection.Execute("SET TimeZone = 'UTC'");
    }

    // Nothing that runs here has business outside the file: COPY TO, ATTACH and log files of a query stay impossible.
    // The file's own companions and the spill folder have to be named.
    private static void CloseOffTheOutside(DuckDBConnection connection, string path)
    {
        var spill = (string)connection.Scalar("SELECT current_setting('temp_directory')")!;
        if (path != DuckDbSettings.InMemory)
            connection.Execute(
                $"SET allowed_paths = [{string.Join(", ", NewDatabase.FilesOf(path).Select(Literal))}]");
        connection.Execute($"SET allowed_directories = [{Literal(spill)}]");
        connection.Execute("SET enable_external_access = false");
    }

    // As in Postgres, where most tables are in public and nobody writes it.
    private static void FindTablesOfPublic(DuckDBConnection connection)
    {
        var catalog = (string)connection.Scalar("SELECT current_database()")!;
        var found = connection.Scalar(
            "SELECT 1 FROM duckdb_schemas() WHERE database_name = $1 AND schema_name = 'public'", catalog);
        if (found is not null)
            connection.Execute($"SET search_path = '{catalog}.main,{catalog}.public'");
    }

    internal static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

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
