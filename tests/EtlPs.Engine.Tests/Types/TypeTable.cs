using System.Text;

namespace EtlPs.Engine.Tests.Types;

/// <summary>
/// A table with a column for each of some cases; row n has each column's nth value, the last row only NULLs.
/// </summary>
internal sealed class TypeTable(string name, IReadOnlyList<TypeCase> columns)
{
    private int Rows => columns.Max(c => c.Values.Length) + 1;

    /// <summary>Makes and fills the table.</summary>
    public string Create()
    {
        var sql = new StringBuilder();
        sql.Append(
            null, $"CREATE TABLE {name} (id int PRIMARY KEY, "
            + $"{string.Join(", ", columns.Select((c, i) => $"c{i} {c.PostgresType}"))});");
        for (var row = 0; row < Rows; row++)
            sql.Append(
                null, $"INSERT INTO {name} VALUES ({row}, "
                + $"{string.Join(", ", columns.Select(c => row < c.Values.Length ? c.Values[row] : "NULL"))});");
        return sql.ToString();
    }

    /// <summary>Inserts all rows again, under other ids.</summary>
    public string Insert(int shift) =>
        $"INSERT INTO {name} SELECT id + {shift}, {Columns("")} FROM {name} WHERE id < {Rows};";

    /// <summary>Gives each row of the first ones all values of the next.</summary>
    public string Update() =>
        $"UPDATE {name} AS t SET ({Columns("")}) = (SELECT {Columns("s.")} FROM {name} AS s WHERE s.id = (t.id + 1) % "
        + $"{Rows}) WHERE t.id < {Rows};";

    /// <summary>One query for each column: a row's id and its canonical form.</summary>
    public IEnumerable<(TypeCase Type, string Postgres, string DuckDb)> Queries() => columns.Select((column, i) => (
        column,
        $"SELECT id::text || ': ' || coalesce({column.PostgresText}, '∅') FROM (SELECT id, c{i} AS v FROM {name}) AS w "
        + "ORDER BY id",
        $"SELECT id::VARCHAR || ': ' || coalesce({column.DuckDbText}, '∅') FROM (SELECT id, c{i} AS v FROM {name}) AS "
        + "w ORDER BY id"));

    private string Columns(string prefix) => string.Join(", ", columns.Select((_, i) => $"{prefix}c{i}"));
}
