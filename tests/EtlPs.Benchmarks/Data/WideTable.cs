using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Data;

/// <summary>
/// Seventeen columns as a business has them: keys, numerics, dates, times and text; 60,000 rows for each unit of scale.
/// </summary>
internal static class WideTable
{
    public const string Table = "public.line_items";
    private const int RowsOfScale = 60_000;

    public static Task CreateAsync(TestDatabase database, int scale) => database.ExecuteAsync(
        $"""
        CREATE TABLE {Table} (
            id bigint PRIMARY KEY, order_id bigint, part_id int, supplier_id int, line smallint,
            quantity numeric(15,2), price numeric(15,2), discount numeric(15,2), tax numeric(15,2),
            return_flag char(1), status char(1), shipped date, committed date, received timestamptz,
            instruction varchar(25), mode varchar(10), comment text);
        INSERT INTO {Table}
        SELECT i, i / 4, i % 200000, i % 10000, i % 7, 1 + i % 50, (i % 100000) / 100.0 + 900, (i % 11) / 100.0,
            (i % 9) / 100.0,
               (ARRAY['A','N','R'])[1 + i % 3], (ARRAY['O','F'])[1 + i % 2], date '1992-01-01' + i % 2500,
               date '1992-02-01' + i % 2500, timestamptz '1992-03-01 00:00Z' + (i % 2500000) * interval '97 seconds',
               (ARRAY['DELIVER IN PERSON','COLLECT COD','NONE','TAKE BACK RETURN'])[1 + i % 4],
               (ARRAY['AIR','RAIL','SHIP','TRUCK','MAIL','FOB'])[1 + i % 6],
               'carefully final deposits ' || md5(i::text) || repeat(' sleep', i % 4)
          FROM generate_series(1, {RowsOfScale} * {scale}) i;
        ANALYZE {Table};
        """);
}
