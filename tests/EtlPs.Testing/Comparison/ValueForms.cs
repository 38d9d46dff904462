namespace EtlPs.Testing.Comparison;

/// <summary>
/// How both sides tell the values of a column in one text for each, as SQL; null: as for any other type.
/// </summary>
/// <param name="column">The column's name, quoted.</param>
/// <param name="type">Its type, as Postgres writes it with its modifiers, and as many brackets as it was declared
/// with.</param>
public delegate (string Postgres, string DuckDb)? ValueForms(string column, string type);
