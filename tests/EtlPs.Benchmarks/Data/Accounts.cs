using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Data;

/// <summary>The table of pgbench -i, in pgbench's own shape: 100,000 rows for each unit of scale.</summary>
internal static class Accounts
{
    public const string Table = "public.pgbench_accounts";
    public const int RowsOfScale = 100_000;

    // A prime: its multiples reach every row before they come to one again.
    private const int Stride = 1_299_709;

    public static Task CreateAsync(TestDatabase database, int scale) => database.ExecuteAsync(
        $"""
        CREATE TABLE {Table} (aid int NOT NULL, bid int, abalance int, filler char(84));
        INSERT INTO {Table} SELECT i, (i - 1) / {RowsOfScale} + 1, 0, ''
            FROM generate_series(1, {RowsOfScale} * {scale}) i;
        ALTER TABLE {Table} ADD PRIMARY KEY (aid);
        ANALYZE {Table};
        """);

    /// <summary>Updates the first rows once each, in transactions of a thousand.</summary>
    public static Task UpdateAsync(TestDatabase database, int rows) => database.ExecuteAsync(
        $"""
        DO $$ BEGIN
            FOR start IN 1..{rows} BY 1000 LOOP
                UPDATE {Table} SET abalance = abalance + 1 WHERE aid BETWEEN start AND start + 999;
                COMMIT;
            END LOOP;
        END $$
        """);

    /// <summary>Updates as many different rows all over the table, one to a statement.</summary>
    public static Task UpdateScatteredAsync(TestDatabase database, int changes, int changesOfTransaction, int rows) =>
        database.ExecuteAsync(
            $"""
            DO $$ BEGIN
                FOR i IN 1..{changes} LOOP
                    UPDATE {Table} SET abalance = abalance + 1 WHERE aid = 1 + (i * {Stride}::bigint) % {rows};
                    IF i % {changesOfTransaction} = 0 THEN COMMIT; END IF;
                END LOOP;
            END $$
            """);
}
