using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Data;

/// <summary>Two hundred tables of a thousand rows, and all their rows in one table.</summary>
internal static class SmallTables
{
    public const int Count = 200;
    public const string Together = "public.all_small";
    private const int Rows = 1000;

    public static IReadOnlyList<string> Tables { get; } =
        [.. Enumerable.Range(1, Count).Select(i => $"public.small_{i}")];

    public static Task CreateAsync(TestDatabase database) => database.ExecuteAsync(
        $"""
        DO $$ BEGIN
            FOR i IN 1..{Count} LOOP
                EXECUTE format('CREATE TABLE public.small_%s AS SELECT n AS id, ''row '' || n AS note, n * 2 AS twice
                                FROM generate_series(1, {Rows}) n', i);
                EXECUTE format('ALTER TABLE public.small_%s ADD PRIMARY KEY (id)', i);
            END LOOP;
        END $$;
        CREATE TABLE {Together} AS SELECT n AS id, 'row ' || n AS note, n * 2 AS twice FROM generate_series(1, {Rows} * {Count}) n;
        ALTER TABLE {Together} ADD PRIMARY KEY (id);
        """);
}
