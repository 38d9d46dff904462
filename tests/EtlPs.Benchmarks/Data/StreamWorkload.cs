using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Data;

/// <summary>Changes for a stream to carry.</summary>
/// <param name="Name">What it is called in the figures.</param>
/// <param name="Changes">How many row changes one <paramref name="WriteAsync"/> makes.</param>
/// <param name="WriteAsync">Makes them.</param>
internal sealed record StreamWorkload(string Name, int Changes, Func<TestDatabase, Task> WriteAsync)
{
    /// <summary>Neighbouring rows, a thousand to a statement and transaction.</summary>
    public static StreamWorkload Sequential(int changes) => new(
        "updates in order, 1,000 a transaction", changes, database => Accounts.UpdateAsync(database, changes));

    /// <summary>Scattered rows, one to a statement, a hundred to a transaction.</summary>
    public static StreamWorkload Scattered(int changes, int rows) => new(
        "single-row updates, 100 a transaction", changes,
        database => Accounts.UpdateScatteredAsync(database, changes, 100, rows));

    /// <summary>The same in one transaction.</summary>
    public static StreamWorkload OneTransaction(int changes, int rows) => new(
        "single-row updates, one transaction", changes,
        database => Accounts.UpdateScatteredAsync(database, changes, changes, rows));

    /// <summary>Pgbench's own mix: three updates and an insert to a transaction.</summary>
    public static StreamWorkload Bank(int changes, int scale) => new(
        "TPC-B mix", changes, database => TpcB.RunAsync(database, changes / TpcB.ChangesOfTransaction, scale));
}
