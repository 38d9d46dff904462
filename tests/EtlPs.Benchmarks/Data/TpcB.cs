using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Data;

/// <summary>
/// Pgbench's TPC-B mix beside <see cref="Accounts"/>, run inside the server so that clients take no part of the
/// machine.
/// </summary>
internal static class TpcB
{
    public const int ChangesOfTransaction = 4;

    public static readonly IReadOnlyList<string> Tables =
        [Accounts.Table, "public.pgbench_tellers", "public.pgbench_branches", "public.pgbench_history"];

    /// <summary>The tables beside the accounts. Pgbench's history has no key; nothing there is ever updated.</summary>
    public static Task CreateAsync(TestDatabase database, int scale) => database.ExecuteAsync(
        $"""
        CREATE TABLE public.pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));
        CREATE TABLE public.pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84));
        CREATE TABLE public.pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
        ALTER TABLE public.pgbench_history REPLICA IDENTITY FULL;
        INSERT INTO public.pgbench_branches SELECT i, 0 FROM generate_series(1, {scale}) i;
        INSERT INTO public.pgbench_tellers SELECT i, (i - 1) / 10 + 1, 0 FROM generate_series(1, {scale} * 10) i;
        """);

    public static Task RunAsync(TestDatabase database, int transactions, int scale) => database.ExecuteAsync(
        $"""
        DO $$ DECLARE account int; branch int; teller int; delta int; BEGIN
            FOR i IN 1..{transactions} LOOP
                account := 1 + random() * ({scale} * {Accounts.RowsOfScale} - 1);
                branch := 1 + random() * ({scale} - 1);
                teller := 1 + random() * ({scale} * 10 - 1);
                delta := random() * 10000 - 5000;
                UPDATE public.pgbench_accounts SET abalance = abalance + delta WHERE aid = account;
                UPDATE public.pgbench_tellers SET tbalance = tbalance + delta WHERE tid = teller;
                UPDATE public.pgbench_branches SET bbalance = bbalance + delta WHERE bid = branch;
                INSERT INTO public.pgbench_history VALUES (teller, branch, account, delta, current_timestamp);
                COMMIT;
            END LOOP;
        END $$
        """);
}
