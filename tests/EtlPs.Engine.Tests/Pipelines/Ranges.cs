using EtlPs.Engine.Pipelines;
using EtlPs.Testing.Crashes;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// Tables of many small ranges with large values beside the rows, and work on them that moves rows from range to range:
/// new versions of rows go to the heap's end and, after a VACUUM, to wherever there is room.
/// </summary>
internal static class Ranges
{
    /// <summary>About a tenth of a table.</summary>
    public const int Bytes = 400_000;

    /// <summary>Whole old rows come with each change.</summary>
    public const string Full = """
        ALTER TABLE items REPLICA IDENTITY FULL; ALTER TABLE parts REPLICA IDENTITY FULL;
        ALTER TABLE parts_0 REPLICA IDENTITY FULL; ALTER TABLE parts_1 REPLICA IDENTITY FULL;
        """;

    public const string Create = """
        CREATE SEQUENCE ids START 10000;
        CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL, big text, note text);
        ALTER TABLE items ALTER big SET STORAGE EXTERNAL;
        INSERT INTO items SELECT g, 0, CASE WHEN g % 3 > 0 THEN repeat(md5(g::text), 100) END, repeat('n', 300)
          FROM generate_series(1, 1500) g;
        CREATE TABLE parts (id int, region int, n int NOT NULL, big text,
            PRIMARY KEY (region, id)) PARTITION BY LIST (region);
        CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
        CREATE TABLE parts_1 (n int NOT NULL, big text, region int NOT NULL, id int NOT NULL);
        ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES IN (1);
        ALTER TABLE parts ALTER big SET STORAGE EXTERNAL;
        INSERT INTO parts SELECT g, g % 2, 0, CASE WHEN g % 3 > 0 THEN repeat(md5(g::text), 90) END
            FROM generate_series(1, 1200) g;
        CREATE PROCEDURE churn(transactions int) LANGUAGE plpgsql AS $body$
        DECLARE a int; b int;
        BEGIN
          FOR i IN 1..transactions LOOP
            a := (SELECT id FROM items OFFSET floor(random() * 1000) LIMIT 1);
            b := (SELECT id FROM items WHERE id <> a OFFSET floor(random() * 1000) LIMIT 1);
            CASE floor(random() * 9)
              WHEN 0, 1 THEN UPDATE items SET n = n + 1 WHERE id = a;
              WHEN 2 THEN UPDATE items SET big = repeat(md5(random()::text), 100) WHERE id = a;
              WHEN 3 THEN UPDATE items SET id = nextval('ids') WHERE id = a;
              WHEN 4 THEN DELETE FROM items WHERE id = a;
              WHEN 5 THEN
                DELETE FROM items WHERE id = a;
                IF random() < 0.5 THEN COMMIT; END IF;
                INSERT INTO items VALUES (a, i, repeat(md5(random()::text), 100), NULL);
              WHEN 6 THEN
                UPDATE items SET id = -1 WHERE id = a; UPDATE items SET id = a WHERE id = b;
                UPDATE items SET id = b WHERE id = -1;
              WHEN 7 THEN INSERT INTO items
                  VALUES (nextval('ids'), i, repeat(md5(random()::text), 100), repeat('i', 300));
              ELSE UPDATE items SET note = repeat('u', 300) WHERE id BETWEEN a AND a + 5;
            END CASE;
            COMMIT;
            a := floor(random() * 1200);
            CASE floor(random() * 4)
              WHEN 0 THEN UPDATE parts SET region = 1 - region WHERE id = a;
              WHEN 1 THEN UPDATE parts SET n = n + 1 WHERE id = a;
              WHEN 2 THEN DELETE FROM parts WHERE id = a;
              ELSE
                DELETE FROM parts WHERE id = a;
                INSERT INTO parts VALUES (a, i % 2, i, repeat(md5(random()::text), 90));
            END CASE;
            COMMIT;
          END LOOP;
        END $body$;
        """;

    /// <summary>Changes rows in many transactions, and makes room among them.</summary>
    public static async Task ChurnAsync(Scenario scenario, int transactions = 200)
    {
        await scenario.ExecuteAsync($"CALL churn({transactions})");
        await scenario.ExecuteAsync("VACUUM items");
        await scenario.ExecuteAsync("VACUUM parts");
    }

    /// <summary>The pipeline with ranges so small that each table has many.</summary>
    public static PipelineDefinition Small(this PipelineDefinition definition) =>
        definition with { RangeBytes = Bytes };

    /// <summary>The same in a process of its own.</summary>
    public static PipelineProcess Small(this PipelineProcess process, int workers = 2) =>
        process with { RangeBytes = Bytes, Workers = workers };
}
