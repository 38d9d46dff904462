using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Names that tables and columns could have in DuckDB, as -TableMap and -ColumnMap take them.</summary>
internal static class NameProposal
{
    /// <summary>Another name for a column, that none of its table has.</summary>
    /// <param name="table">The table.</param>
    /// <param name="column">One of its columns.</param>
    /// <param name="name">What it could be called; null: as it is, with a number.</param>
    public static string For(TableSchema table, ColumnSchema column, string? name = null) => Entry(
        $"{table.Name}.{TableName.QuoteIfNeeded(column.Name)}",
        Free(name ?? column.Name, taken => table.Columns.Any(c => NameCollisions.Fold(c.DestinationName) == taken)));

    /// <summary>Another name for a table, that none of these has.</summary>
    public static string For(TableName source, IReadOnlyCollection<TableName> destinations) => Entry(
        source.ToString(), Free(source.Name, taken => destinations.Any(t => NameCollisions.Fold(t.Name) == taken)));

    private static string Free(string name, Func<string, bool> isTaken)
    {
        var folded = NameCollisions.Fold(name);
        var free = folded;
        for (var i = 2; isTaken(free); i++) free = $"{folded}_{i}";
        return free;
    }

    private static string Entry(string from, string to) =>
        $"@{{ {Literal(from)} = {Literal(TableName.QuoteIfNeeded(to))} }}";

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
