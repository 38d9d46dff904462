using System.Globalization;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>
/// Single statements on one table. Rows are named by numbers; whatever could break a unique key is written so that it
/// does nothing instead, since a failed statement takes its transaction along.
/// </summary>
internal sealed class StatementGenerator(SplitMix random, RandomTable table)
{
    public string InsertOne(int number) =>
        $"INSERT INTO {table.Name} ({table.ColumnList}) VALUES ({Row(Text(number))}) ON CONFLICT DO NOTHING";

    public string InsertMany(int first, int count) =>
        $"INSERT INTO {table.Name} ({table.ColumnList}) SELECT {Row("g")} FROM generate_series({first}, "
        + $"{first + count - 1}) g ON CONFLICT DO NOTHING";

    public string Update(int number) => $"UPDATE {table.Name} SET {Assignments(Text(number))} WHERE {One(number)}";

    public string UpdateMany() =>
        $"UPDATE {table.Name} SET {Assignments(Text(random.Below(1000)))} WHERE {Some(random.Between(2, 6))}";

    public string Delete(int number) => $"DELETE FROM {table.Name} WHERE {One(number)}";

    public string DeleteMany(int oneIn) => $"DELETE FROM {table.Name} WHERE {Some(oneIn)}";

    /// <summary>All but one in so many.</summary>
    public string DeleteMost(int oneIn) => $"DELETE FROM {table.Name} WHERE NOT {Some(oneIn)}";

    /// <summary>Gives a row another number, and another value now and then.</summary>
    public string ChangeKey(int from, int to)
    {
        var key = table.Key.Select(k => $"{table.Columns[k].Name} = {table.KeyValue(k, Text(to))}");
        if (table.Values.Count > 0 && random.Percent(30)) key = key.Append(Assignments(Text(to)));
        return $"UPDATE {table.Name} SET {string.Join(", ", key)} WHERE {table.Finds(Text(from))} "
            + $"AND NOT EXISTS (SELECT FROM {table.Name} WHERE {table.Finds(Text(to))})";
    }

    /// <summary>All of the last rows move on by one, one after the other; or all at once, where that works.</summary>
    public string ShiftKeys(string key) => random.Below(3) switch
    {
        0 => $"DO $$ DECLARE r record; BEGIN FOR r IN SELECT {key} AS k FROM {table.Name} ORDER BY 1 DESC LIMIT 60 "
            + $"LOOP UPDATE {table.Name} SET {key} = {key} + 1 WHERE {key} = r.k; END LOOP; END $$",
        1 => $"DO $$ BEGIN UPDATE {table.Name} SET {key} = {key} + 1 WHERE {key} < 10000; "
        + "EXCEPTION WHEN unique_violation THEN NULL; END $$",
        _ => $"DO $$ BEGIN UPDATE {table.Name} SET {key} = {key} + 10000 WHERE {key} < 60; "
        + "EXCEPTION WHEN unique_violation THEN NULL; END $$",
    };

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // Without a key: one row, or two, of those that are there, whichever comes first in a fixed order.
    private string One(int number) => table.HasKey
        ? table.Finds(Text(number))
        : $"(tableoid, ctid) IN (SELECT tableoid, ctid FROM {table.Name} AS t ORDER BY t::text, ctid OFFSET "
        + $"{number % 20} LIMIT {random.Between(1, 2)})";

    private string Some(int oneIn) => $"(hashtext({SomeColumn()}) % {oneIn} = 0)";

    private string SomeColumn() => table.HasKey
        ? string.Join(" || ", table.Key.Select(k => $"{table.Columns[k].Name}::text"))
        : string.Join(" || ", table.Columns.Where(c => !c.Kind.IsLarge).Select(c => $"coalesce({c.Name}::text, '')"));

    private string Row(string number) => string.Join(", ", table.Columns.Select((c, i) =>
        table.Key.Contains(i) ? table.KeyValue(i, number) : Value(c, number)));

    private string Assignments(string number)
    {
        var values = table.Values.Count > 0 ? table.Values : table.Columns;
        var chosen = random.Shuffle(values).Take(random.Between(1, Math.Min(3, values.Count)));
        return string.Join(", ", chosen.Select(c => table.Values.Count > 0
            ? $"{c.Name} = {Value(c, number)}"
            : $"{c.Name} = {c.Name}"));
    }

    private string Value(RandomColumn column, string number)
    {
        // Without a key there must be equal rows.
        if (!table.HasKey) number = $"({number}) % {random.Between(3, 9)}";
        else if (random.Percent(70)) number = $"{number} + {random.Below(5000)}";
        if (column.IsRequired) return column.Kind.Value(number);
        return random.Below(10) switch
        {
            0 => "NULL",
            < 4 when column.Kind.Extremes.Length > 0 => $"{random.Pick(column.Kind.Extremes)}::{column.Kind.Type}",
            4 => $"CASE WHEN ({number}) % 3 = 0 THEN NULL ELSE {column.Kind.Value(number)} END",
            _ => column.Kind.Value(number),
        };
    }
}
