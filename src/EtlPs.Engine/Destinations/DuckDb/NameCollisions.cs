using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// Names that Postgres keeps apart and DuckDB does not: it ignores the case of A to Z, and of no other letter.
/// </summary>
internal static class NameCollisions
{
    // Names of attached databases, which DuckDB cannot tell from schemas; its own schemas; and that of the state.
    private static readonly string[] Reserved =
        ["temp", "system", "memory", DuckDbFile.Catalog, "information_schema", "pg_catalog", StateSchema.Name];

    /// <summary>Finds two columns of a table that are one in DuckDB.</summary>
    /// <exception cref="EtlException">NameCollision, naming both.</exception>
    public static void CheckColumns(TableSchema table)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var column in table.Columns)
            if (!seen.TryAdd(Fold(column.DestinationName), column.Name))
                throw Collision(
                    $"The columns {TableName.Quote(seen[Fold(column.DestinationName)])} and "
                    + $"{TableName.Quote(column.Name)} of {table.Name}",
                    $"Give one of them another name in DuckDB: -ColumnMap {NameProposal.For(table, column)}; "
                    + "or leave the table out with -ExcludeTable.",
                    table.Name);
    }

    /// <summary>Finds two tables whose destination is one and the same in DuckDB.</summary>
    /// <exception cref="EtlException">NameCollision, naming both.</exception>
    public static void CheckTables(IReadOnlyCollection<(TableName Source, TableName Destination)> tables)
    {
        var seen = new Dictionary<string, TableName>(StringComparer.Ordinal);
        foreach (var (source, destination) in tables)
            if (!seen.TryAdd(Fold(destination.Quoted), source))
                throw Collision(
                    $"The tables {seen[Fold(destination.Quoted)]} and {source}",
                    "Give one of them another name in DuckDB: -TableMap "
                    + $"{NameProposal.For(source, [.. tables.Select(t => t.Destination)])}; "
                    + "or leave it out with -ExcludeTable.",
                    source);
    }

    /// <summary>Finds a schema that DuckDB would take for one of its databases, or that holds the state.</summary>
    /// <exception cref="EtlException">NameCollision.</exception>
    public static void CheckSchema(TableName destination)
    {
        if (!Reserved.Contains(Fold(destination.Schema))) return;
        throw new EtlException(
            EtlErrorCode.NameCollision,
            $"The schema {TableName.Quote(destination.Schema)} of table {destination} has a name that the DuckDB file "
            + "keeps for itself.",
            "Give the pipeline another -DestinationSchema, or the table another name with -TableMap; "
            + "or leave the schema's tables out with -ExcludeTable.")
        {
            Subject = destination.ToString(),
        };
    }

    /// <summary>Whether DuckDB takes two table names for one.</summary>
    public static bool AreOne(TableName left, TableName right) => Fold(left.Quoted) == Fold(right.Quoted);

    /// <summary>The form under which DuckDB takes two names for one.</summary>
    public static string Fold(string name) =>
        string.Create(name.Length, name, static (folded, original) =>
        {
            for (var i = 0; i < folded.Length; i++)
                folded[i] = char.IsAsciiLetterUpper(original[i]) ? (char)(original[i] | 0x20) : original[i];
        });

    private static EtlException Collision(string what, string remedy, TableName subject) =>
        new(EtlErrorCode.NameCollision, $"{what} have one name in DuckDB, which ignores case.", remedy)
        {
            Subject = subject.ToString(),
        };
}
