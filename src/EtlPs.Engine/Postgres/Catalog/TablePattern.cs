using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>
/// A table as a user writes it, by SQL's rules: <c>"…"</c> keeps case and anything else, the rest folds to lower case,
/// <c>*</c> and <c>?</c> outside quotes are wildcards. Without a schema it is one in <c>public</c>.
/// </summary>
internal sealed class TablePattern
{
    private readonly NamePattern _schema;
    private readonly NamePattern _name;

    /// <param name="text">As it was written.</param>
    /// <param name="parts">Name, or schema and name.</param>
    public TablePattern(string text, IReadOnlyList<NamePattern> parts)
    {
        Text = text;
        _schema = parts.Count == 2 ? parts[0] : NamePattern.Of("public");
        _name = parts[^1];
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it may name several tables.</summary>
    public bool HasWildcard => _schema.HasWildcard || _name.HasWildcard;

    /// <summary>The one table that it names; null: it may name several.</summary>
    public TableName? Only => HasWildcard ? null : new TableName(_schema.Literal, _name.Literal);

    public static TablePattern Parse(string text) => new(text, QualifiedName.Parse(
        text, "table", "a schema and a name", 2,
        "Write it as in SQL: shop.orders, \"Shop\".\"Order lines\", or shop.* for all tables of a schema."));

    public bool Matches(TableName table) => _schema.Matches(table.Schema) && _name.Matches(table.Name);

    public override string ToString() => Text;
}
