using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Tests.Types;

public sealed class CodecCatalogTests
{
    [Theory]
    [InlineData(10, 2, "DECIMAL(10,2)")]
    [InlineData(38, 38, "DECIMAL(38,38)")]
    [InlineData(39, 0, null)]
    [InlineData(1000, 10, null)]
    [InlineData(3, -2, "DECIMAL(5,0)")]
    [InlineData(30, -8, "DECIMAL(38,0)")]
    [InlineData(30, -9, null)]
    [InlineData(2, -1000, null)]
    [InlineData(2, 5, "DECIMAL(5,5)")]
    [InlineData(2, 38, "DECIMAL(38,38)")]
    [InlineData(2, 39, null)]
    public void A_numeric_is_carried_where_38_digits_hold_all_of_its_places(int precision, int scale, string? expected)
    {
        var modifier = ((precision << 16) | (scale & 0x7FF)) + 4;
        Assert.Equal(expected, Find(1700, modifier));
        Assert.Equal(expected is null ? null : expected + "[]", Find(1231, modifier));
    }

    [Theory]
    [InlineData(1700u)] // numeric without precision
    [InlineData(1231u)]
    [InlineData(19u)] // name
    [InlineData(18u)] // "char"
    [InlineData(26u)] // oid
    [InlineData(790u)] // money
    [InlineData(1186u)] // interval
    [InlineData(1266u)] // timetz
    [InlineData(869u)] // inet
    [InlineData(1561u)] // bit varying
    [InlineData(600u)] // point
    [InlineData(3904u)] // int4range
    [InlineData(16_384u)] // the first type that a user makes
    public void Other_types_are_not_carried(uint oid) => Assert.Null(Find(oid, -1));

    private static string? Find(uint oid, int modifier) =>
        CodecCatalog.Find(new PostgresType(oid, modifier, "type"))?.DuckDbType;
}
