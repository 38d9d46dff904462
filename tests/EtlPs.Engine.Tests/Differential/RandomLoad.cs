using System.Globalization;
using EtlPs.Engine.Tests.Types;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>All that a seed stands for: tables, their first rows, and what each connection does.</summary>
internal sealed class RandomLoad
{
    private const string Schema = "\"My.Schema 🙂\"";

    public RandomLoad(ulong seed)
    {
        Seed = seed;
        IsSmall = seed % 5 != 0;
        var random = new SplitMix(seed);
        var tables = random.Fork();
        var names = new RandomNames(tables);
        Tables =
        [
            .. Enumerable.Range(0, tables.Between(4, IsSmall ? 5 : 9))
                .Select(_ => new TableGenerator(tables, tables.Percent(70) ? "public" : Schema, names).Next()),
        ];
        Setup = [$"{TypeMatrix.Setup}\nCREATE SCHEMA {Schema}", .. Tables.SelectMany(t => t.Definition),
            .. FirstRows(random.Fork())];
        Connections =
        [
            .. Enumerable.Range(0, random.Between(2, 4)).Select(connection => new TransactionGenerator(
                random.Fork(), Tables, connection, IsSmall ? 2000 : 50000).Make(IsSmall ? 60 : 150)),
        ];
        Runs = random.Fork();
    }

    public ulong Seed { get; }

    /// <summary>Seeds that end in 0 or 5 make large loads; more is tried with many small ones.</summary>
    public bool IsSmall { get; }

    public IReadOnlyList<RandomTable> Tables { get; }

    /// <summary>The statements that make tables and their first rows.</summary>
    public IReadOnlyList<string> Setup { get; }

    /// <summary>Each connection's transactions, each a list of statements.</summary>
    public IReadOnlyList<IReadOnlyList<IReadOnlyList<string>>> Connections { get; }

    /// <summary>For what is done to the pipeline meanwhile.</summary>
    public SplitMix Runs { get; }

    /// <summary>The whole as an SQL text, for a person to read and run.</summary>
    public string ToSql()
    {
        var lines = new List<string> { $"-- seed {Seed.ToString(CultureInfo.InvariantCulture)}" };
        lines.AddRange(Setup.Select(s => s + ";"));
        for (var connection = 0; connection < Connections.Count; connection++)
            for (var transaction = 0; transaction < Connections[connection].Count; transaction++)
            {
                lines.Add($"-- connection {connection}, transaction {transaction}");
                lines.AddRange(Connections[connection][transaction].Select(s => s + ";"));
            }
        return string.Join('\n', lines) + "\n";
    }

    private IEnumerable<string> FirstRows(SplitMix random)
    {
        foreach (var table in Tables)
        {
            var statements = new StatementGenerator(random, table);
            if (random.Percent(10)) continue; // empty
            yield return statements.InsertMany(0, random.Between(20, 150));
            // Enough rows that a copy takes a moment to be cut off in.
            if (!table.HasLarge && random.Percent(40))
                yield return statements.InsertMany(200000, IsSmall ? 3000 : 20000);
        }
    }
}
