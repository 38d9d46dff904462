namespace EtlPs.Engine.Tests.Differential;

/// <summary>Makes one connection's transactions.</summary>
/// <param name="random">Its own numbers.</param>
/// <param name="tables">What to work on.</param>
/// <param name="connection">Its number: mostly it keeps to rows that no other connection touches.</param>
/// <param name="largest">How many rows a large transaction inserts at most.</param>
internal sealed class TransactionGenerator(
    SplitMix random, IReadOnlyList<RandomTable> tables, int connection, int largest)
{
    private const int Connections = 4;
    private const int RowsEach = 30;
    private const int DeepestSavepoint = 3;

    private readonly List<string> _statements = [];
    private int _savepoints;
    private int _fresh = 1_000_000 + (connection * 100_000);

    public IReadOnlyList<IReadOnlyList<string>> Make(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    private List<string> Next()
    {
        _statements.Clear();
        _statements.Add("BEGIN");
        switch (random.Below(100))
        {
            case < 3: AddLarge(); break;
            case < 8: AddTruncate(); break;
            default: AddBlock(1); break;
        }
        _statements.Add(random.Percent(8) ? "ROLLBACK" : "COMMIT");
        return [.. _statements];
    }

    private void AddBlock(int depth)
    {
        for (var i = random.Between(1, 5); i > 0; i--)
        {
            if (depth > DeepestSavepoint || !random.Percent(15))
            {
                AddChange();
                continue;
            }
            var savepoint = $"s{_savepoints++}";
            _statements.Add($"SAVEPOINT {savepoint}");
            AddBlock(depth + 1);
            _statements.Add((random.Percent(60) ? "ROLLBACK TO SAVEPOINT " : "RELEASE SAVEPOINT ") + savepoint);
        }
    }

    private void AddChange()
    {
        var table = random.Pick(tables);
        var statements = new StatementGenerator(random, table);
        switch (random.Below(20))
        {
            case < 5: _statements.Add(statements.InsertOne(Number())); break;
            case < 9: _statements.Add(statements.Update(Number())); break;
            case 9: _statements.Add(statements.UpdateMany()); break;
            case < 12: _statements.Add(statements.Delete(Number())); break;
            case 12: _statements.Add(
                random.Percent(50) ? statements.DeleteMany(4) : statements.InsertMany(Number(), 40)); break;
            case 13: AddDeleteAndReinsert(statements); break;
            case < 16 when table.HasKey: AddKeyChange(statements); break;
            case < 19 when table.HasKey: AddSwap(statements); break;
            case 19 when table.NumberKey is { } key: _statements.Add(statements.ShiftKeys(key)); break;
            default: _statements.Add(
                "SELECT pg_logical_emit_message(true, 'differential', 'a message of somebody else')"); break;
        }
    }

    private void AddDeleteAndReinsert(StatementGenerator statements)
    {
        var number = Number();
        _statements.Add(statements.Delete(number));
        _statements.Add(statements.InsertOne(number));
        if (random.Percent(50)) _statements.Add(statements.Update(number));
    }

    private void AddKeyChange(StatementGenerator statements)
    {
        var (from, to) = (Number(), Number());
        if (random.Percent(30)) _statements.Add(statements.Update(from));
        _statements.Add(statements.ChangeKey(from, to));
        if (random.Percent(30)) _statements.Add(statements.Update(to));
    }

    private void AddSwap(StatementGenerator statements)
    {
        var (first, second, between) = (Number(), Number(), _fresh++);
        _statements.Add(statements.ChangeKey(first, between));
        _statements.Add(statements.ChangeKey(second, first));
        _statements.Add(statements.ChangeKey(between, second));
    }

    private void AddTruncate()
    {
        var chosen = random.Shuffle(tables).Take(random.Between(1, 2)).ToList();
        foreach (var table in chosen)
            if (random.Percent(50)) _statements.Add(new StatementGenerator(random, table).InsertMany(Number(), 5));
        _statements.Add($"TRUNCATE {string.Join(", ", chosen.Select(t => t.Name))}");
        foreach (var table in chosen)
            _statements.Add(new StatementGenerator(random, table).InsertMany(random.Below(50), random.Between(1, 60)));
    }

    /// <summary>
    /// In a large load more than a batch holds; in a small one more than the server may keep in memory.
    /// </summary>
    private void AddLarge()
    {
        var candidates = tables.Where(t => !t.HasLarge).ToList();
        if (candidates.Count == 0) candidates = [.. tables];
        var table = random.Pick(candidates);
        var statements = new StatementGenerator(random, table);
        var count = table.HasLarge ? largest / 20 : largest;
        _statements.Add(statements.InsertMany(300000, random.Between(count / 4, count)));
        if (random.Percent(50)) AddBlock(DeepestSavepoint);
        if (random.Percent(70)) _statements.Add(statements.UpdateMany());
        _statements.Add("SAVEPOINT large");
        _statements.Add(statements.DeleteMany(2));
        _statements.Add(random.Percent(50) ? "ROLLBACK TO SAVEPOINT large" : "RELEASE SAVEPOINT large");
        if (random.Percent(80)) _statements.Add(statements.DeleteMost(20));
    }

    private int Number() => random.Percent(80)
        ? (random.Below(RowsEach) * Connections) + connection
        : random.Below(RowsEach * Connections);
}
