using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// A row's key in words, made of DuckDB's own values: <c>id=42, name='O''Brien'</c>. Equal keys have equal texts, and
/// others have other ones.
/// </summary>
internal static class KeyText
{
    /// <summary>The SQL expression; NULL where the table has no key.</summary>
    /// <param name="table">The table.</param>
    /// <param name="types">The DuckDB types of the key's columns.</param>
    /// <param name="value">The SQL expression of each one's value.</param>
    public static string Of(TableSchema table, IReadOnlyList<string> types, Func<int, string> value) =>
        table.KeyColumns.Count == 0 ? "NULL" : string.Join(
            " || ', ' || ",
            table.KeyColumns.Select(
                (c, i) => $"{Literal(table.Columns[c].Name + "=")} || {ValueOf(types[i], value(i))}"));

    private static string ValueOf(string type, string value) => IsPlain(type)
        ? $"{value}::VARCHAR"
        : $"'''' || replace({value}::VARCHAR, '''', '''''') || ''''";

    private static bool IsPlain(string type) =>
        type is "SMALLINT" or "INTEGER" or "BIGINT" or "UINTEGER" or "UBIGINT"
        || type.StartsWith("DECIMAL", StringComparison.Ordinal);

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
