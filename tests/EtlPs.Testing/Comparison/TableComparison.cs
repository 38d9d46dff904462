using System.Data.Common;
using DuckDB.NET.Data;
using Npgsql;

namespace EtlPs.Testing.Comparison;

/// <summary>Whether tables hold the same rows on both sides: every row and column, as a multiset.</summary>
public static class TableComparison
{
    private const int MostDifferences = 5;

    /// <summary>
    /// Compares every table of some schemas. The DuckDB file must be closed: nobody may open a live file a second time.
    /// </summary>
    /// <returns>What is different, in words; empty: both sides are equal.</returns>
    public static Task<IReadOnlyList<string>> DifferencesAsync(
        string postgres, string duckDbFile, CancellationToken cancellationToken = default) =>
        DifferencesAsync(postgres, duckDbFile, null, cancellationToken);

    /// <summary>The same where values of some types are told in forms of their own.</summary>
    public static async Task<IReadOnlyList<string>> DifferencesAsync(
        string postgres, string duckDbFile, ValueForms? forms, CancellationToken cancellationToken)
    {
        await using var source = new NpgsqlConnection(postgres);
        await source.OpenAsync(cancellationToken);
        using var destination = new DuckDBConnection($"DataSource={duckDbFile};ACCESS_MODE=READ_ONLY");
        destination.Open();
        var differences = new List<string>();
        foreach (var (schema, table, only) in await TablesAsync(source, cancellationToken))
            differences.AddRange(await DifferencesAsync(
                source, destination, schema, table, only, forms, cancellationToken));
        return differences;
    }

    private static async Task<IReadOnlyList<string>> DifferencesAsync(
        NpgsqlConnection source, DuckDBConnection destination, string schema, string table, string only,
        ValueForms? forms,
        CancellationToken cancellationToken)
    {
        var columns = (await ColumnsAsync(source, schema, table, cancellationToken)).ConvertAll(c =>
            forms?.Invoke(Quote(c.Name), c.Formatted)
            ?? (Postgres: CanonicalText.InPostgres(Quote(c.Name), c.Type),
                DuckDb: CanonicalText.InDuckDb(Quote(c.Name), c.Type)));
        var name = $"{Quote(schema)}.{Quote(table)}";
        var left = await RowsAsync(
            source, Query(only + name, columns.Select(c => c.Postgres), "octet_length"), cancellationToken);
        List<string> right;
        try
        {
            right = await RowsAsync(
                destination, Query(name, columns.Select(c => c.DuckDb), "strlen"), cancellationToken);
        }
        catch (DuckDBException e)
        {
            return [$"{name}: {e.Message}"];
        }
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var row in left) counts[row] = counts.GetValueOrDefault(row) + 1;
        foreach (var row in right) counts[row] = counts.GetValueOrDefault(row) - 1;
        var differing = counts.Where(c => c.Value != 0).Take(MostDifferences)
            .Select(c => $"{name}: {(c.Value > 0 ? "missing" : "too many")} ×{Math.Abs(c.Value)}: {Shorten(c.Key)}")
            .ToList();
        if (differing.Count > 0)
            differing.Insert(0, $"{name}: {left.Count} rows at the source, {right.Count} in DuckDB");
        return differing;
    }

    private static string Query(string table, IEnumerable<string> texts, string bytes) =>
        $"SELECT {string.Join(" || ' ' || ", texts.Select(text => Told(text, bytes)))} FROM {table}";

    /// <summary>With its length before it, no text can be taken for two, nor for NULL.</summary>
    private static string Told(string text, string bytes) => $"coalesce({bytes}({text}) || ':' || {text}, 'NULL')";

    private static async Task<List<(string Schema, string Table, string Only)>> TablesAsync(
        NpgsqlConnection source, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT n.nspname, c.relname, CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END FROM pg_class c JOIN "
            + "pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND "
            + "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2", source);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tables = new List<(string, string, string)>();
        while (await reader.ReadAsync(cancellationToken))
            tables.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return tables;
    }

    private static async Task<List<(string Name, string Type, string Formatted)>> ColumnsAsync(
        NpgsqlConnection source, string schema, string table, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT column_name, data_type, format_type(atttypid, atttypmod) || repeat('[]', attndims - 1) FROM "
            + "information_schema.columns JOIN pg_attribute ON attrelid = format('%I.%I', table_schema, "
            + "table_name)::regclass AND attname = column_name WHERE table_schema = $1 AND table_name = $2 AND "
            + "is_generated = 'NEVER' ORDER BY ordinal_position", source);
        command.Parameters.AddWithValue(schema);
        command.Parameters.AddWithValue(table);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var columns = new List<(string, string, string)>();
        while (await reader.ReadAsync(cancellationToken))
            columns.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return columns;
    }

    private static async Task<List<string>> RowsAsync(
        DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(cancellationToken)) rows.Add(reader.GetString(0));
        return rows;
    }

    private static string Quote(string identifier) =>
        $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Shorten(string row) => row.Length <= 200 ? row : row[..200] + "…";
}
