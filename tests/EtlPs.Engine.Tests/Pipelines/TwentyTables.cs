using System.Text;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>Twenty tables that between them have every type, key and name that is carried.</summary>
internal static class TwentyTables
{
    public static string Create(int rowsEach)
    {
        var sql = new StringBuilder();
        for (var i = 1; i <= 20; i++)
        {
            var name = i switch { 5 => "\"Odd \"\"Name\"\" 5\"", 6 => "\"select\"", _ => $"t{i}" };
            var key = i % 4 == 0 ? "PRIMARY KEY (code, id)" : "PRIMARY KEY (id)";
            sql.AppendLine($"""
                CREATE TABLE {name} (id int8 NOT NULL, code varchar(20) NOT NULL, small int2, flag bool,
                    num numeric(12,3), big numeric(38,0),
                  real4 float4, real8 float8, label text, fixed char(8), raw bytea, day date, clock time,
                      stamp timestamp, moment timestamptz,
                  uid uuid, js json, jb jsonb, ints int4[], longs int8[], texts text[], {key});
                INSERT INTO {name} SELECT g, 'c' || g % 7, g % 100, g % 3 = 0, g * 1.125, g::numeric * 12345678901234567890,
                  g / 4.0, g / 8.0, CASE WHEN g % 5 = 0 THEN NULL ELSE repeat('añ🙂', g % 9) END, 'f' || g % 10, decode(md5(g::text), 'hex'),
                  date '2020-01-01' + g % 1000, time '00:00' + g * interval '1 second', timestamp '2021-05-05 10:00' + g * interval '7 minute',
                  timestamptz '2021-05-05 10:00+00' + g * interval '13 minute', md5(g::text)::uuid,
                      json_build_object('g', g), jsonb_build_object('k', g, 'n', NULL),
                  ARRAY[g, NULL, g + 1], ARRAY[g]::int8[], ARRAY['a', NULL, 'NULL', g::text]
                      FROM generate_series(1, {rowsEach}) g;
                """);
        }
        return sql.ToString();
    }
}
