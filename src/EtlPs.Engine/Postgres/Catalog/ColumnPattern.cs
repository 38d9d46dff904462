using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>
/// A column as a user writes it, by SQL's rules: <c>schema.table.column</c>, or <c>table.column</c> for one in
/// <c>public</c>, with wildcards outside quotes; <c>*</c> alone is every column of every table.
/// </summary>
internal sealed class ColumnPattern
{
    private const string Everything = "*";

    private readonly TablePattern? _table;
    private readonly NamePattern? _column;

    private ColumnPattern(string text, TablePattern? table, NamePattern? column)
    {
        Text = text;
        _table = table;
        _column = column;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it may name several columns.</summary>
    public bool HasWildcard => _table is null || _table.HasWildcard || _column!.HasWildcard;

    /// <summary>The one column that it names; null: it may name several.</summary>
    public (TableName Table, string Column)? Only => HasWildcard ? null : (_table!.Only!.Value, _column!.Literal);

    /// <summary>
    /// The greater, the more it says of which column is meant: a name counts more than any pattern, and a longer one
    /// more.
    /// </summary>
    public int Precision => _table is null ? 0 : HasWildcard ? Text.Length : int.MaxValue;

    /// <exception cref="Pipelines.Errors.EtlException">InvalidArgument: it is no column's name.</exception>
    public static ColumnPattern Parse(string text)
    {
        if (text.Trim() == Everything) return new ColumnPattern(Everything, null, null);
        const string remedy =
            "Write it as in SQL: shop.orders.total, orders.total for a table in public, \"Shop\".\"Orders\".\"Total\", "
            + "shop.orders.* for all columns of a table, or * for all columns.";
        var parts = QualifiedName.Parse(text, "column", "a schema, a table and a column", 3, remedy);
        if (parts.Count < 2)
            throw new Pipelines.Errors.EtlException(
                Pipelines.Errors.EtlErrorCode.InvalidArgument, $"The column name {text} lacks its table.",
                remedy) { Subject = text };
        return new ColumnPattern(text, new TablePattern(text, [.. parts.SkipLast(1)]), parts[^1]);
    }

    public bool Matches(TableName table, string column) =>
        _table is null || (_table.Matches(table) && _column!.Matches(column));

    public override string ToString() => Text;
}
