using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// Lets one SELECT (in any of DuckDB's spellings, SHOW and DESCRIBE among them) or the EXPLAIN of one pass. DuckDB's
/// own parser decides: a read-only transaction alone still allows COPY TO, EXPORT, ATTACH and SET.
/// </summary>
internal static partial class ReadOnlyStatement
{
    private const string Remedy =
        "Give one reading statement: SELECT, FROM, WITH, VALUES, SHOW, DESCRIBE, SUMMARIZE or EXPLAIN.";

    /// <summary>Refuses everything else.</summary>
    /// <exception cref="EtlException">QueryFailed.</exception>
    public static void Check(DuckDBConnection connection, string sql)
    {
        // A function that a SELECT may call: with storage = 'file' DuckDB 1.5 ends the process when it may not write
        // there.
        if (LoggingSwitch().IsMatch(sql))
            throw Refused("Logging is not switched by a query.");
        switch (TypeOfOnlyStatement(connection, sql))
        {
            case DuckDBStatementType.Select:
                return;

            // EXPLAIN ANALYZE runs what it explains, so that has to be a SELECT as well.
            case DuckDBStatementType.Explain when Explained().Match(sql) is { Success: true } match
                && TypeOfOnlyStatement(connection, sql[match.Length..]) == DuckDBStatementType.Select:
                return;
            default:
                throw Refused("The statement is not one that only reads.");
        }
    }

    private static DuckDBStatementType TypeOfOnlyStatement(DuckDBConnection connection, string sql)
    {
        var native = connection.NativeConnection;
        var count = NativeMethods.ExtractStatements.DuckDBExtractStatements(native, sql, out var statements);
        using (statements)
        {
            if (count > 1)
                throw Refused($"The text holds {count} statements (a PIVOT without IN counts as several).");
            if (count <= 0)
            {
                var error = NativeMethods.ExtractStatements.DuckDBExtractStatementsError(statements);
                throw Refused(string.IsNullOrEmpty(error)
                    ? "The text holds no statement."
                    : $"The query cannot be run. {error}");
            }

            var state = NativeMethods.ExtractStatements.DuckDBPrepareExtractedStatement(native, statements, 0,
                out var prepared);
            using (prepared)
            {
                if (state != DuckDBState.Success)
                    throw DuckDbErrors.TranslateQuery(
                        new InvalidOperationException(NativeMethods.PreparedStatements.DuckDBPrepareError(prepared)));
                if (NativeMethods.PreparedStatements.DuckDBParams(prepared) > 0)
                    throw Refused("The query has parameters, which cannot be given here.");
                return (DuckDBStatementType)StatementType(prepared);
            }
        }
    }

    private static EtlException Refused(string message) => new(EtlErrorCode.QueryFailed, message, Remedy);

    // The bindings leave this function out.
    [LibraryImport("duckdb", EntryPoint = "duckdb_prepared_statement_type")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int StatementType(DuckDBPreparedStatement statement);

    [GeneratedRegex(@"\benable_logging""?\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LoggingSwitch();

    [GeneratedRegex(@"^\s*EXPLAIN\s+(ANALYZE\s+)?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Explained();
}
