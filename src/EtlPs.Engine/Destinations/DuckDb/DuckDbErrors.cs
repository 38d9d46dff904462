using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// DuckDB's errors as ours. Its messages quote row values (conversions, constraints), so no part of them is passed on
/// and the original is not kept as the inner exception: only the kind of error and names that we know ourselves.
/// </summary>
internal static partial class DuckDbErrors
{
    /// <summary>
    /// Translates an error met while the engine worked on <paramref name="subject"/> (a table, a file).
    /// </summary>
    public static EtlException Translate(Exception e, string? subject)
    {
        if (e is EtlException known)
            return known;
        var text = e.Message;
        var where = subject is null ? "" : $" on {subject}";
        if (IsDiskFull(text))
            return DiskFull(subject);
        if (text.Contains("Could not set lock on file", StringComparison.Ordinal)
            || text.Contains("used by another process", StringComparison.Ordinal))
            return Make(EtlErrorCode.DestinationLocked, $"Another process has the DuckDB file open{Holder(text)}.",
                "Close it there: while a DuckDB file is open for writing, no other process can open it.");
        if (text.Contains("not a valid DuckDB database file", StringComparison.Ordinal))
            return Make(EtlErrorCode.NotADuckDbFile, $"{subject ?? "The destination"} is not a DuckDB database.",
                "Name another file, or a DuckDB file.");
        if (text.Contains("Trying to read a database file with version number", StringComparison.Ordinal))
            return Make(EtlErrorCode.NotADuckDbFile,
                $"{subject ?? "The destination"} was written by another version of DuckDB that this one cannot read.",
                "Name another file, or export and import it with the DuckDB that wrote it.");
        if (OpenFailure().IsMatch(text))
            return Make(EtlErrorCode.DestinationUnavailable, $"DuckDB cannot open or write{where}: {Reason(text)}.",
                "Check the rights of the file and its folder, and the disk.");
        return Kind(e) switch
        {
            "Out of Memory" => Make(EtlErrorCode.DestinationFailed, $"DuckDB ran out of memory{where}.",
                "Raise -MemoryLimit, or copy with fewer workers."),
            "TransactionContext" or "Transaction" => Make(EtlErrorCode.DestinationFailed,
                $"A DuckDB transaction failed{where}: it met another change of the same rows or table.",
                "Start again: the run goes on where it was."),
            "FATAL" or "INTERNAL" => Make(EtlErrorCode.DestinationFailed,
                $"DuckDB failed{where} and cannot go on with this file in this process.",
                "Start PowerShell anew and start again: the run goes on where it was."),
            var kind => Make(EtlErrorCode.DestinationFailed, $"DuckDB failed{where} ({kind} error).",
                "Start again: the run goes on where it was. If it fails again, report it with the kind of error."),
        };

        EtlException Make(EtlErrorCode code, string message, string remedy) =>
            new(code, message, remedy) { Subject = subject };
    }

    /// <summary>Whether a table or view has the name already that another was to get.</summary>
    public static bool IsNameTaken(DuckDBException e) => e.Message.Contains("already exists", StringComparison.Ordinal);

    /// <summary>Nothing more can be written, by DuckDB or beside its file.</summary>
    public static EtlException DiskFull(string? subject) => new(
        EtlErrorCode.DestinationFull,
        $"The destination's disk is full: nothing more could be written{(subject is null ? "" : $" on {subject}")}.",
        "Make room on the disk of the DuckDB file and start again: the run goes on where it was.")
    {
        Subject = subject,
    };

    /// <summary>
    /// Whether an error met while DuckDB worked on one table is about that table alone: it was dropped or altered
    /// there, or DuckDB will not take a value. Memory, disk and transactions concern the whole file. What is not
    /// DuckDB's own comes of columns that are no longer those that rows are appended to.
    /// </summary>
    public static bool ConcernsOneTable(Exception e) => e switch
    {
        DbException => !IsDiskFull(e.Message)
            && Kind(e) is "Catalog" or "Binder" or "Conversion" or "Out of Range" or "Constraint" or "Invalid Input"
                or "Dependency",
        IndexOutOfRangeException or InvalidOperationException or ArgumentException or InvalidCastException => true,
        _ => false,
    };

    /// <summary>Such an error, in the table's name.</summary>
    public static EtlException OfTable(Exception e, TableName table) =>
        OfTable(table, $" ({Kind(e)} error)", isAltered: e is not DbException || Kind(e) is "Catalog" or "Binder");

    /// <summary>
    /// The error for a table whose columns in the destination are no longer those that rows are written to.
    /// </summary>
    public static EtlException Altered(TableName table) => OfTable(table, "", isAltered: true);

    private static EtlException OfTable(TableName table, string kind, bool isAltered) => new(
        EtlErrorCode.DestinationFailed,
        $"DuckDB does not take the rows of table {table}{kind}"
        + (isAltered ? ": its table in the destination was dropped or altered by somebody else." : "."),
        "Copy the table again with Reset-EtlTable. If it fails again, report it with the kind of error.")
    {
        Subject = table.ToString(),
    };

    /// <summary>
    /// Translates an error of a user's own query. What the parser and the binder say quotes the query; what execution
    /// says quotes rows, and is reduced to its kind.
    /// </summary>
    public static EtlException TranslateQuery(Exception e)
    {
        if (e is EtlException known)
            return known;
        var kind = Kind(e);
        var message = kind switch
        {
            "Parser" or "Syntax" or "Binder" or "Catalog" => $"The query cannot be run. {e.Message}",
            "Out of Memory" => "The query needs more memory than the destination's limit.",
            "Permission" => "The query would reach outside the database: files and other databases are closed to it.",
            _ => $"The query failed while it ran ({kind} error).",
        };
        return new EtlException(EtlErrorCode.QueryFailed, message, kind switch
        {
            "Out of Memory" => "Raise -MemoryLimit, or ask for less.",
            "Conversion" or "Out of Range" or "Invalid Input" => "Use TRY_CAST where a value may not fit.",
            _ => "Correct the statement: one SELECT, as DuckDB's SQL has it.",
        });
    }

    /// <summary>DuckDB's own name of the kind of error: what stands before "Error:"; never a part of a value.</summary>
    public static string Kind(Exception e)
    {
        var match = KindPrefix().Match(e.Message);
        return match.Success ? match.Groups["kind"].Value : e is DbException ? "unknown" : e.GetType().Name;
    }

    private static bool IsDiskFull(string text) =>
        text.Contains("No space left on device", StringComparison.Ordinal)
        || text.Contains("not enough space on the disk", StringComparison.Ordinal)
        || text.Contains("Disk quota exceeded", StringComparison.Ordinal)
        || text.Contains("File too large", StringComparison.Ordinal)
        || text.Contains("max_temp_directory_size", StringComparison.Ordinal);

    private static string Holder(string text)
    {
        var match = LockHolder().Match(text);
        return match.Success
            ? string.Create(CultureInfo.InvariantCulture, $" (process {match.Groups["pid"].Value})")
            : "";
    }

    // Only the operating system's words, out of a closed list.
    private static string Reason(string text) => OpenFailure().Match(text).Value.ToLowerInvariant();

    [GeneratedRegex(@"^(DuckDBOpen failed: )?(?<kind>[A-Z][A-Za-z]*( [A-Za-z]+){0,2}) Error:",
        RegexOptions.ExplicitCapture)]
    private static partial Regex KindPrefix();

    [GeneratedRegex(@"\(PID (?<pid>[0-9]{1,10})\)", RegexOptions.ExplicitCapture)]
    private static partial Regex LockHolder();

    [GeneratedRegex("Permission denied|Read-only file system|No such file or directory|Is a directory|Access is denied|"
        + "Input/output error|Too many open files", RegexOptions.IgnoreCase)]
    private static partial Regex OpenFailure();
}
