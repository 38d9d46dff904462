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

    /// <summary>Refuses everything else; returns the types of the columns that it has.</summary>
    /// <exception cref="EtlException">QueryFailed.</exception>
    public static QueryType[] Check(DuckDBConnection connection, string sql)
    {
        // A function that a SELECT may call: with storage = 'file' DuckDB 1.5 ends the process when it may not write
        // there.
        if (LoggingSwitch().IsMatch(sql))
            throw Refused("Logging is not switched by a query.");
        var (type, columns) = DescribeOnlyStatement(connection, sql);
        switch (type)
        {
            case DuckDBStatementType.Select:
                return columns;

            // EXPLAIN ANALYZE runs what it explains, so that has to be a SELECT as well.
            case DuckDBStatementType.Explain when Explained().Match(sql) is { Success: true } match
                && DescribeOnlyStatement(connection, sql[match.Length..]).Type == DuckDBStatementType.Select:
                return columns;
            default:
                throw Refused("The statement is not one that only reads.");
        }
    }

    private static (DuckDBStatementType Type, QueryType[] Columns) DescribeOnlyStatement(
        DuckDBConnection connection, string sql)
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
                var columns = new QueryType[ColumnCount(prepared)];
                for (var i = 0; i < columns.Length; i++)
                    columns[i] = QueryType.Read(ColumnType(prepared, (ulong)i));
                return ((DuckDBStatementType)StatementType(prepared), columns);
            }
        }
    }

    private static EtlException Refused(string message) => new(EtlErrorCode.QueryFailed, message, Remedy);

    // The bindings leave these functions out.
    [LibraryImport("duckdb", EntryPoint = "duckdb_prepared_statement_type")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int StatementType(DuckDBPreparedStatement statement);

    [LibraryImport("duckdb", EntryPoint = "duckdb_prepared_statement_column_count")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial ulong ColumnCount(DuckDBPreparedStatement statement);

    [LibraryImport("duckdb", EntryPoint = "duckdb_prepared_statement_column_logical_type")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial DuckDBLogicalType ColumnType(DuckDBPreparedStatement statement, ulong column);

    [GeneratedRegex(@"\benable_logging""?\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LoggingSwitch();

    [GeneratedRegex(@"^\s*EXPLAIN\s+(ANALYZE\s+)?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Explained();
}
