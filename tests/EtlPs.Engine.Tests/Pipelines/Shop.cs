using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// A small shop: tables with a key, with a composite key out of column order, with values kept apart (TOAST) and
/// without a key, and a procedure that works on them. Each worker has rows of its own, so that none waits for another.
/// </summary>
internal static class Shop
{
    /// <summary>How many workers may write at the same time.</summary>
    public const int Workers = 4;

    public static string Create(int rows) => $$"""
        CREATE SEQUENCE ids START 10000000;
        CREATE TABLE orders (id int8 PRIMARY KEY, worker int, total numeric(12,2), note text, at timestamptz);
        CREATE TABLE lines (note text, line_no int, order_id int8, amount numeric(10,3),
            PRIMARY KEY (order_id, line_no));
        CREATE TABLE docs (id int8 PRIMARY KEY, worker int, version int, body text, tags text[]);
        ALTER TABLE docs ALTER body SET STORAGE EXTERNAL;
        CREATE TABLE journal (worker int, what text, n float8, large text);
        ALTER TABLE journal REPLICA IDENTITY FULL; ALTER TABLE journal ALTER large SET STORAGE EXTERNAL;
        CREATE TABLE "Mixed Case" ("Id" uuid PRIMARY KEY, "select" jsonb, worker int);
        INSERT INTO orders SELECT g, g % {{Workers}}, g * 1.25, CASE WHEN g % 5 = 0 THEN NULL ELSE 'note ' || g END,
            '2024-01-01Z'::timestamptz + g * interval '1 second'
          FROM generate_series(0, {{rows}} - 1) g;
        INSERT INTO lines SELECT 'line ' || l, l, g, g * l * 0.125 FROM generate_series(0, {{rows}} - 1) g, generate_series(1, 2) l;
        INSERT INTO docs SELECT g, g % {{Workers}}, 0, repeat('d' || g, 900), ARRAY['a', NULL, g::text] FROM generate_series(0, 199) g;
        INSERT INTO journal SELECT g % {{Workers}}, 'begin', g / 40, CASE WHEN g % 20 = 0 THEN repeat('j' || g, 900) END
          FROM generate_series(0, 399) g;
        INSERT INTO "Mixed Case" SELECT md5(g::text)::uuid, jsonb_build_object('g', g), g % {{Workers}}
            FROM generate_series(0, 199) g;
        CREATE PROCEDURE work(w int, transactions int) LANGUAGE plpgsql AS $body$
        DECLARE a int8; b int8; fresh int8; k int; u uuid;
        BEGIN
          FOR i IN 1..transactions LOOP
            k := floor(random() * 10);
            a := floor(random() * {{rows}}) ; fresh := nextval('ids') * {{Workers}} + w;
            SELECT id INTO a FROM orders WHERE id >= a AND worker = w ORDER BY id LIMIT 1;
            IF k < 2 THEN
              INSERT INTO orders VALUES (fresh, w, random() * 1000, 'new', now());
              INSERT INTO lines SELECT 'l' || g, g, fresh, g * 1.5 FROM generate_series(1, 3) g;
              INSERT INTO journal VALUES (w, 'ordered', i % 7, CASE WHEN i % 50 = 0 THEN repeat('big', 900) END);
            ELSIF k < 4 THEN
              UPDATE orders SET total = total + 1, note = nullif(note || i, '') WHERE id = a;
              UPDATE lines SET amount = amount + 1 WHERE order_id = a;
            ELSIF k = 4 THEN
              UPDATE orders SET id = fresh WHERE id = a;
              UPDATE lines SET order_id = fresh WHERE order_id = a;
            ELSIF k = 5 THEN
              DELETE FROM lines WHERE order_id = a;
              DELETE FROM orders WHERE id = a;
            ELSIF k = 6 THEN
              SELECT id INTO b FROM docs WHERE worker = w ORDER BY random() LIMIT 1;
              UPDATE docs SET version = version + 1, tags = tags || i::text WHERE id = b;
              IF i % 3 = 0 THEN UPDATE docs SET body = repeat(i::text, 1500) WHERE id = b; END IF;
              IF i % 4 = 0 THEN UPDATE docs SET id = fresh WHERE id = b; UPDATE docs SET version = -1 WHERE id = fresh;
              END IF;
              IF i % 5 = 0 THEN INSERT INTO docs VALUES (-fresh, w, 1, repeat('n', 5000), NULL); END IF;
            ELSIF k = 7 THEN
              DELETE FROM journal WHERE ctid = (SELECT ctid FROM journal WHERE worker = w LIMIT 1);
              UPDATE journal SET n = n + 1 WHERE ctid = (SELECT ctid FROM journal WHERE worker = w LIMIT 1);
              INSERT INTO journal SELECT w, 'twin', 1, NULL FROM generate_series(1, 2);
            ELSIF k = 8 THEN
              SELECT id INTO b FROM orders WHERE id > a AND worker = w ORDER BY id LIMIT 1;
              -- The worker's last order has none behind it to change keys with.
              IF b IS NOT NULL THEN
                UPDATE orders SET id = -fresh WHERE id = a;
                UPDATE orders SET id = a WHERE id = b;
                UPDATE orders SET id = b WHERE id = -fresh;
              END IF;
            ELSE
              u := md5(fresh::text)::uuid;
              INSERT INTO "Mixed Case" VALUES (u, jsonb_build_object('i', i, 'n', NULL), w);
              DELETE FROM "Mixed Case" WHERE "Id" = (SELECT "Id" FROM "Mixed Case" WHERE worker = w LIMIT 1);
              INSERT INTO orders VALUES (fresh, w, 0, NULL, NULL);
              DELETE FROM orders WHERE id = fresh;
            END IF;
            COMMIT;
          END LOOP;
        END $body$;
        """;

    /// <summary>Commits this many transactions as one worker.</summary>
    public static Task WorkAsync(TestDatabase database, int worker, int transactions) => database.ExecuteAsync(
        $"CALL work({worker}, {transactions})", TestContext.Current.CancellationToken);
}
