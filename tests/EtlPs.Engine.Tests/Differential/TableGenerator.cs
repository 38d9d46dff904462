namespace EtlPs.Engine.Tests.Differential;

/// <summary>Makes tables of every sort, as the numbers fall.</summary>
internal sealed class TableGenerator(SplitMix random, string schema, RandomNames tableNames)
{
    public RandomTable Next()
    {
        var names = new RandomNames(random);
        var name = $"{schema}.{tableNames.Next()}";
        var identity = random.Pick(
            [RandomIdentity.PrimaryKey, RandomIdentity.PrimaryKey, RandomIdentity.FullWithKey, RandomIdentity.Full,
                RandomIdentity.UsingIndex]);
        var isPartitioned = identity != RandomIdentity.UsingIndex && random.Percent(25);
        var keys = identity == RandomIdentity.Full ? [] : KeyColumns(names, isPartitioned);
        var values = ValueColumns(names, identity, isPartitioned && keys.Count == 0);
        List<RandomColumn> columns = random.Shuffle(keys.Concat(values));
        // The index's order is not that of the columns.
        List<int> key = random.Shuffle(keys.Select(k => columns.IndexOf(k)));
        int? partitionColumn = !isPartitioned ? null : keys.Count == 0
            ? columns.FindIndex(c => c.IsRequired)
            : columns.IndexOf(keys.First(k => ReferenceEquals(k.Kind, ColumnKinds.Integer)));
        var table = new RandomTable(name, columns, key, identity, partitionColumn, []);
        return table with { Definition = [.. Define(table)] };
    }

    private List<RandomColumn> KeyColumns(RandomNames names, bool isPartitioned)
    {
        var keys = new List<RandomColumn>();
        if (isPartitioned) keys.Add(new RandomColumn(names.Next(), ColumnKinds.Integer, IsRequired: true));
        var count = random.Below(10) switch { < 6 => 1, < 9 => 2, _ => 3 };
        while (keys.Count < count)
        {
            var kind = random.Pick(ColumnKinds.Keys);
            // Two large ones are more than an index takes of a row.
            if (kind.IsLarge && keys.Any(k => k.Kind.IsLarge)) kind = ColumnKinds.Integer;
            keys.Add(new RandomColumn(names.Next(), kind, IsRequired: true));
        }
        return keys;
    }

    private List<RandomColumn> ValueColumns(RandomNames names, RandomIdentity identity, bool needsPartitionColumn)
    {
        var values = new List<RandomColumn>();
        if (needsPartitionColumn) values.Add(new RandomColumn(names.Next(), ColumnKinds.Integer, IsRequired: true));
        if (identity != RandomIdentity.Full && random.Percent(15)) return values; // nothing but a key
        for (var i = random.Between(1, 5); i > 0; i--)
            values.Add(new RandomColumn(names.Next(),
                random.Pick(random.Percent(50) ? ColumnKinds.Plain : MatrixKinds.All), IsRequired: false));
        for (var i = random.Pick([0, 0, 1, 1, 2]); i > 0; i--)
            values.Add(new RandomColumn(names.Next(), random.Pick(ColumnKinds.Large), IsRequired: false));
        return values;
    }

    private IEnumerable<string> Define(RandomTable table)
    {
        var key = string.Join(", ", table.Key.Select(k => table.Columns[k].Name));
        var lines = table.Columns.Select(c => c.Definition);
        if (table.Identity is RandomIdentity.PrimaryKey or RandomIdentity.FullWithKey)
            lines = lines.Append($"PRIMARY KEY ({key})");
        // A column that is gone leaves a hole in the numbers.
        var hasHole = random.Percent(30);
        if (hasHole) lines = lines.Prepend("gone int8");
        var partitioning = table.PartitionColumn is { } p
            ? $" PARTITION BY {(random.Percent(50) ? "LIST" : "RANGE")} ({table.Columns[p].Name})" : "";
        yield return $"CREATE TABLE {table.Name} ({string.Join(", ", lines)}){partitioning}";
        if (hasHole) yield return $"ALTER TABLE {table.Name} DROP COLUMN gone";
        foreach (var statement in Keep(table, table.Name)) yield return statement;
        if (partitioning.Length > 0)
            foreach (var statement in Partitions(table, partitioning.Contains("LIST", StringComparison.Ordinal)))
                yield return statement;
        if (table.Identity != RandomIdentity.UsingIndex) yield break;
        var index = $"identity_{random.Next():x16}";
        yield return $"CREATE UNIQUE INDEX {index} ON {table.Name} ({key})";
        yield return $"ALTER TABLE {table.Name} REPLICA IDENTITY USING INDEX {index}";
    }

    private IEnumerable<string> Partitions(RandomTable table, bool isList)
    {
        string[] bounds = isList
            ? ["FOR VALUES IN (0, 1)", "FOR VALUES IN (2, 5, 7, 11)", "DEFAULT"]
            : ["FOR VALUES FROM (MINVALUE) TO (3)", "FOR VALUES FROM (3) TO (40)", "DEFAULT"];
        foreach (var bound in bounds)
        {
            var leaf = $"{schema}.leaf_{random.Next():x16}";
            if (random.Percent(50))
            {
                yield return $"CREATE TABLE {leaf} PARTITION OF {table.Name} {bound}";
            }
            else
            {
                yield return $"CREATE TABLE {leaf} "
                    + $"({string.Join(", ", random.Shuffle(table.Columns).Select(c => c.Definition))})";
                yield return $"ALTER TABLE {table.Name} ATTACH PARTITION {leaf} {bound}";
            }
            foreach (var statement in Keep(table, leaf)) yield return statement;
        }
    }

    /// <summary>
    /// What a partition does not have from its root: how large values are kept, and its replica identity.
    /// </summary>
    private static IEnumerable<string> Keep(RandomTable table, string name)
    {
        foreach (var large in table.Columns.Where(c => c.Kind.IsLarge))
            yield return $"ALTER TABLE {name} ALTER {large.Name} SET STORAGE EXTERNAL";
        if (table.Identity is RandomIdentity.Full or RandomIdentity.FullWithKey)
            yield return $"ALTER TABLE {name} REPLICA IDENTITY FULL";
    }
}
