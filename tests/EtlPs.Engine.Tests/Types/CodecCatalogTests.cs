using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Tests.Types;

public sealed class CodecCatalogTests
{
    [Theory]
    [InlineData(10, 2, "DECIMAL(10,2)")]
    [InlineData(38, 38, "DECIMAL(38,38)")]
    [InlineData(39, 0, "VARCHAR")]
    [InlineData(1000, 10, "VARCHAR")]
    [InlineData(3, -2, "DECIMAL(5,0)")]
    [InlineData(30, -8, "DECIMAL(38,0)")]
    [InlineData(30, -9, "VARCHAR")]
    [InlineData(2, -1000, "VARCHAR")]
    [InlineData(2, 5, "DECIMAL(5,5)")]
    [InlineData(2, 38, "DECIMAL(38,38)")]
    [InlineData(2, 39, "VARCHAR")]
    public void A_numeric_is_a_decimal_where_38_digits_hold_all_of_its_places_and_else_text(
        int precision, int scale, string expected)
    {
        var modifier = ((precision << 16) | (scale & 0x7FF)) + 4;
        Assert.Equal(expected, Find(1700, modifier));
        Assert.Equal(expected + "[]", Find(1231, modifier));
    }

    [Fact]
    public void A_type_that_nothing_is_known_of_comes_as_text()
    {
        var codec = CodecCatalog.Find(new PostgresType(16_384, -1, "unknown"));
        Assert.Equal(("VARCHAR", false), (codec.DuckDbType, codec.ReadsBinary));
    }

    [Fact]
    public void A_composite_whose_attributes_are_one_to_duckdb_comes_as_text()
    {
        var integer = new PostgresType(23, -1, "integer");
        Assert.Equal("VARCHAR", CodecCatalog.Find(Composite(("a", integer), ("A", integer))).DuckDbType);
        Assert.Equal("VARCHAR", CodecCatalog.Find(Composite()).DuckDbType);
        Assert.Equal(
            "STRUCT(\"a\" INTEGER, \"the \"\"b\"\"\" INTEGER)",
            CodecCatalog.Find(Composite(("a", integer), ("the \"b\"", integer))).DuckDbType);
    }

    [Fact]
    public void What_has_no_send_function_inside_makes_the_whole_come_as_text()
    {
        var element = new PostgresType(1033, -1, "aclitem") { IsTextOnly = true };
        var array = new PostgresType(1034, -1, "aclitem[]") { Structure = new ArrayStructure(element, 1) };
        Assert.False(CodecCatalog.Find(array).ReadsBinary);
        Assert.Equal("VARCHAR[]", CodecCatalog.Find(array).DuckDbType);
        Assert.Equal(ValueFormat.Text, FormatOf(array));
        Assert.Equal(ValueFormat.Text, FormatOf(Composite(("a", array))));
        // By itself the server sends it as text in a binary stream too.
        Assert.Equal(ValueFormat.Binary, FormatOf(element));
        Assert.Equal(ValueFormat.Binary, FormatOf(new PostgresType(23, -1, "integer")));
        // It has a send function, whose form is not read.
        Assert.Equal(ValueFormat.Text, FormatOf(new PostgresType(2205, -1, "regclass")));
    }

    private static ValueFormat FormatOf(PostgresType type) => StreamFormat.Of([new TableSchema(
        1, new TableName("public", "t"), [new ColumnSchema(1, "a", type, false)], [], ReplicaIdentity.Full)]);

    private static PostgresType Composite(params (string Name, PostgresType Type)[] attributes) =>
        new(16_385, -1, "pair")
    {
        Structure = new CompositeStructure([.. attributes.Select(a => new CompositeAttribute(a.Name, a.Type))]),
    };

    private static string Find(uint oid, int modifier) =>
        CodecCatalog.Find(new PostgresType(oid, modifier, "type")).DuckDbType;
}
