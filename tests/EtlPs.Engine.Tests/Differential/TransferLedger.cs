using System.Collections.Concurrent;
using System.Globalization;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>
/// Accounts in three tables, between which one writer moves amounts and which it renumbers: after each step it is known
/// what every table must hold, and the journal's last number says which step that was.
/// </summary>
internal sealed class TransferLedger
{
    public const int AccountsEach = 12;
    private const int Opening = 1000;

    // A step in so many also renews the bulk: 20 MB, more than a batch holds.
    private const int StepsOfBulk = 100;
    private const int BulkRows = 40000;

    /// <summary>One step's number and all accounts, in one statement and so from one snapshot.</summary>
    public const string Query = """
        SELECT (SELECT coalesce(max(no), 0) FROM public.transfers)::BIGINT, (SELECT count(*) FROM public.transfers),
               (SELECT string_agg(id || '=' || balance || ';' || length(note), ' ' ORDER BY id) FROM public.one) || ' | ' ||
               (SELECT string_agg(id || '=' || balance, ' ' ORDER BY id) FROM public.two) || ' | ' ||
               (SELECT string_agg(id || '=' || balance, ' ' ORDER BY id) FROM public.three) || ' | ' ||
               (SELECT count(*) || ' of ' || coalesce(string_agg(DISTINCT step, ','), 'none') FROM public.bulk),
               ((SELECT sum(balance) FROM public.one) + (SELECT sum(balance) FROM public.two)
                 + (SELECT sum(balance) FROM public.three))::BIGINT
        """;

    private static readonly string[] s_tables = ["one", "two", "three"];
    private readonly SplitMix _random;
    private readonly SortedDictionary<int, int>[] _accounts =
        [.. s_tables.Select(_ => new SortedDictionary<int, int>(
            Enumerable.Range(1, AccountsEach).ToDictionary(id => id, _ => Opening)))];
    private readonly ConcurrentDictionary<long, string> _states = new();
    private int _nextId = 1000;
    private int _step;
    private int? _bulk;

    public TransferLedger(SplitMix random)
    {
        _random = random;
        _states[0] = State();
    }

    public static long Total => (long)s_tables.Length * AccountsEach * Opening;

    /// <summary>
    /// A key and a large value that is never sent again, no key at all, and partitions to move between.
    /// </summary>
    public static string Setup => $"""
        CREATE TABLE one (id int PRIMARY KEY, balance int, note text); ALTER TABLE one ALTER note SET STORAGE EXTERNAL;
        CREATE TABLE two (id int, balance int); ALTER TABLE two REPLICA IDENTITY FULL;
        CREATE TABLE three (balance int, id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE three_low PARTITION OF three FOR VALUES FROM (MINVALUE) TO (1000);
        CREATE TABLE three_high PARTITION OF three DEFAULT;
        CREATE TABLE transfers (no int PRIMARY KEY, writer int);
        CREATE TABLE bulk (id int PRIMARY KEY, step int, v text);
        INSERT INTO one SELECT g, {Opening}, repeat('n', 3000) FROM generate_series(1, {AccountsEach}) g;
        INSERT INTO two SELECT g, {Opening} FROM generate_series(1, {AccountsEach}) g;
        INSERT INTO three SELECT {Opening}, g FROM generate_series(1, {AccountsEach}) g;
        """;

    /// <summary>Takes the next step. Returns its statements, which are one transaction.</summary>
    public string Next()
    {
        _step++;
        var sql = new List<string> { string.Create(
            CultureInfo.InvariantCulture, $"INSERT INTO transfers VALUES ({_step}, 0)") };
        if (_step % StepsOfBulk == StepsOfBulk / 2) sql.AddRange(RenewBulk());
        for (var i = _random.Between(1, 4); i > 0; i--) sql.AddRange(_random.Percent(80) ? Transfer() : Renumber());
        _states[_step] = State();
        return string.Join("; ", sql);
    }

    /// <summary>What every table held after a step.</summary>
    public string After(long step) => _states.TryGetValue(step, out var state) ? state : "no step of the source";

    private IEnumerable<string> Transfer()
    {
        var (from, to) = (_random.Below(s_tables.Length), _random.Below(s_tables.Length));
        var (payer, payee) = (_random.Pick([.. _accounts[from].Keys]), _random.Pick([.. _accounts[to].Keys]));
        var amount = _random.Between(1, 50);
        _accounts[from][payer] -= amount;
        _accounts[to][payee] += amount;
        yield return Change(from, payer, $"balance = balance - {amount}");
        yield return Change(to, payee, $"balance = balance + {amount}");
    }

    private IEnumerable<string> Renumber()
    {
        var table = _random.Below(s_tables.Length);
        var (old, fresh) = (_random.Pick([.. _accounts[table].Keys]), _nextId++);
        _accounts[table].Remove(old, out var balance);
        _accounts[table].Add(fresh, balance);
        yield return Change(table, old, $"id = {fresh}");
    }

    private IEnumerable<string> RenewBulk()
    {
        _bulk = _step;
        yield return "DELETE FROM bulk";
        yield return $"INSERT INTO bulk SELECT g, {_step}, repeat('b', 500) FROM generate_series(1, {BulkRows}) g";
    }

    private static string Change(int table, int id, string change) =>
        $"UPDATE {s_tables[table]} SET {change} WHERE id = {id}";

    private string State() => string.Join(" | ", _accounts.Select((accounts, table) => string.Join(' ', accounts.Select(
        a => string.Create(CultureInfo.InvariantCulture, $"{a.Key}={a.Value}{(table == 0 ? ";3000" : "")}")))))
        + (_bulk is { } step ? $" | {BulkRows} of {step}" : " | 0 of none");
}
