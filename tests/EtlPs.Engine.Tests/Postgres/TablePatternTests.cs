using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;
using Xunit;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class TablePatternTests
{
    [Theory]
    [InlineData("orders", "public", "orders", true)]
    [InlineData("Orders", "public", "orders", true)]
    [InlineData("\"Orders\"", "public", "orders", false)]
    [InlineData("\"Orders\"", "public", "Orders", true)]
    [InlineData("orders", "shop", "orders", false)]
    [InlineData("shop.orders", "shop", "orders", true)]
    [InlineData("shop.*", "shop", "any thing", true)]
    [InlineData("shop.*", "shop2", "x", false)]
    [InlineData("*.orders", "a.b", "orders", true)]
    [InlineData("shop.o?d*s", "shop", "orders", true)]
    [InlineData("shop.o?d*s", "shop", "ords", true)]
    [InlineData("shop.o?d*s", "shop", "ods", false)]
    [InlineData("*", "public", "x", true)]
    [InlineData("*", "shop", "x", false)]
    [InlineData("\"*\"", "public", "x", false)]
    [InlineData("\"*\"", "public", "*", true)]
    [InlineData("\"a.b\".\"c\"\"d\"", "a.b", "c\"d", true)]
    [InlineData("shop.\"Order\"*", "shop", "Order lines", true)]
    [InlineData("shop.a_b", "shop", "axb", false)]
    [InlineData("shop.a%", "shop", "ab", false)]
    [InlineData("shop.?", "shop", "😀", true)]
    [InlineData("GRÖSSE", "public", "grÖsse", true)]
    [InlineData("shop.*a*a*a*b", "shop", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    public void A_pattern_matches_by_the_rules_of_sql(string pattern, string schema, string name, bool matches) =>
        Assert.Equal(matches, TablePattern.Parse(pattern).Matches(new TableName(schema, name)));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a.b.c")]
    [InlineData("\"a")]
    [InlineData("\"\"")]
    [InlineData("a\"\"\"")]
    [InlineData("a b")]
    [InlineData("\"a\" b")]
    public void A_pattern_that_sql_would_refuse_is_refused(string pattern) =>
        Assert.Equal(
            EtlErrorCode.InvalidArgument, Assert.Throws<EtlException>(() => TablePattern.Parse(pattern)).Code);
}
