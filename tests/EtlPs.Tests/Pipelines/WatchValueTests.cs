using System.Management.Automation;
using System.Numerics;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

/// <summary>What the values of a watched row are in PowerShell.</summary>
public sealed class WatchValueTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Values_are_NETs_own_where_that_is_exact_and_their_text_where_it_is_not()
    {
        await using var shop = await Shop.OpenAsync(pool);
        await shop.Database.ExecuteAsync(
            """
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE DOMAIN cents AS numeric; CREATE DOMAIN prices AS cents;
            CREATE TABLE kinds (
                id int PRIMARY KEY, b boolean, i2 int2, i8 int8, o oid, f4 real, f8 double precision, t text, d date,
                    ti time,
                ts timestamp, tz timestamptz, u uuid, by bytea, j jsonb, m mood, p prices, n1 numeric, n2 numeric,
                    n3 numeric, n4 numeric,
                far date, bc timestamp, inf timestamptz, midnight time, iv interval, a int[], ta text[], grid int[],
                    low int[], ma mood[],
                r int4range, "Id" text);
            """, Token);

        var watching = Task.Run(() => shop.Session.RunAsync(
            "Watch-EtlChange -Source $source -Table kinds | Select-Object -First 1", Token), Token);
        await shop.WatchBeginsAsync(watching, Token);
        await shop.Database.ExecuteAsync(
            """
            SET bytea_output = 'escape'; SET datestyle = 'German'; SET timezone = 'Asia/Tokyo';
            INSERT INTO kinds VALUES (
                1, true, -2, 9007199254740993, 4000000000, 1.5, 0.1, 'ä', '2026-02-28', '23:59:59.123456',
                '2026-02-28 01:02:03', '2026-02-28 01:02:03+00', '00112233-4455-6677-8899-aabbccddeeff', '\x00ff', '{"a": null}', 'sad', 1.10,
                0.0000000000000000000000000001, 123456789012345678901234567890, 1.00000000000000000000000000000001, 'NaN',
                '10000-01-01', '0044-03-15 12:00:00 BC', 'infinity', '24:00', '1 mon 2 days', '{1,NULL,3}', '{"a,b","q\"\\",NULL}',
                '{{1,2},{3,4}}', '[0:1]={1,2}', '{glad}', '[1,5)', 'upper')
            """, Token);
        var row = (await watching).WithoutErrors().Output.Single().Bag("New")!;

        var expected = new Dictionary<string, object?>
        {
            ["id"] = 1, ["b"] = true, ["i2"] = (short)-2, ["i8"] = 9007199254740993L, ["o"] = 4000000000U,
                ["f4"] = 1.5f, ["f8"] = 0.1,
            ["t"] = "ä", ["d"] = new DateOnly(2026, 2, 28), ["ti"] = new TimeOnly(23, 59, 59)
                .Add(TimeSpan.FromMicroseconds(123456)),
            ["ts"] = new DateTime(2026, 2, 28, 1, 2, 3), ["tz"] = new DateTime(2026, 2, 28, 1, 2, 3, DateTimeKind.Utc),
            ["u"] = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), ["by"] = new byte[] { 0, 255 }, ["j"] = """{"a": null}""",
            ["m"] = "sad", ["p"] = 1.10m, ["n1"] = 0.0000000000000000000000000001m,
            ["n2"] = BigInteger.Parse("123456789012345678901234567890"), ["n3"] = "1.00000000000000000000000000000001",
                ["n4"] = "NaN",
            ["far"] = "10000-01-01", ["bc"] = "0044-03-15 12:00:00 BC", ["inf"] = "infinity", ["midnight"] = "24:00:00",
            ["iv"] = "1 mon 2 days", ["a"] = new object?[] { 1, null, 3 },
                ["ta"] = new object?[] { "a,b", "q\"\\", null },
            ["grid"] = "{{1,2},{3,4}}", ["low"] = "[0:1]={1,2}", ["ma"] = new object?[] { "glad" }, ["r"] = "[1,5)",
                ["Id_2"] = "upper",
        };
        Assert.Equal(expected.Keys, row.Properties.Select(p => p.Name));
        Assert.All(expected, column => Assert.Equal(column.Value, row.Properties[column.Key].Value));
        Assert.Equal(DateTimeKind.Utc, ((DateTime)row.Properties["tz"].Value).Kind);
    }
}
