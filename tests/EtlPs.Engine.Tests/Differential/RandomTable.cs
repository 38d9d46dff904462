namespace EtlPs.Engine.Tests.Differential;

/// <summary>A table made at random.</summary>
/// <param name="Name">Quoted, with its schema.</param>
/// <param name="Columns">In the order of their numbers.</param>
/// <param name="Key">Indexes of the columns that a row is found by, in the index's order; empty: rows are a
/// multiset.</param>
/// <param name="Identity">What is sent of old rows.</param>
/// <param name="PartitionColumn">The index of the integer column that it is partitioned by; null: it is not.</param>
/// <param name="Definition">The statements that make it.</param>
internal sealed record RandomTable(
    string Name,
    IReadOnlyList<RandomColumn> Columns,
    IReadOnlyList<int> Key,
    RandomIdentity Identity,
    int? PartitionColumn,
    IReadOnlyList<string> Definition)
{
    /// <summary>How many values all columns of a composite key but the first have.</summary>
    public const int KeyBase = 5;

    public bool HasKey => Key.Count > 0;

    public bool HasLarge => Columns.Any(c => c.Kind.IsLarge);

    public string ColumnList => string.Join(", ", Columns.Select(c => c.Name));

    /// <summary>The columns that are not of the key.</summary>
    public IReadOnlyList<RandomColumn> Values => [.. Columns.Where((_, i) => !Key.Contains(i))];

    /// <summary>The name of the only key column where it is a number; null: there is none.</summary>
    public string? NumberKey =>
        Key is [var only] && Columns[only].Kind.Type is "int4" or "int8" ? Columns[Key[0]].Name : null;

    /// <summary>SQL for the part that a column has of the row with this number.</summary>
    public string KeyValue(int column, string number)
    {
        var position = Key.ToList().IndexOf(column);
        var last = Key.Count - 1;
        return Columns[column].Kind.Value(position == 0
            ? last == 0 ? number : $"({number}) / {(int)Math.Pow(KeyBase, last)}"
            : $"({number}) / {(int)Math.Pow(KeyBase, last - position)} % {KeyBase}");
    }

    /// <summary>The condition that finds the row with this number.</summary>
    public string Finds(string number) =>
        string.Join(" AND ", Key.Select(k => $"{Columns[k].Name} = {KeyValue(k, number)}"));
}
