using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class StoredColumnTests
{
    private static readonly PostgresType s_integer = new(23, -1, "integer");
    private static readonly PostgresType s_price = new(1700, ((10 << 16) | 2) + 4, "numeric(10,2)");

    [Fact]
    public void A_type_is_stored_with_all_that_it_is_made_of()
    {
        var mood = new PostgresType(16_400, -1, "mood")
        {
            Structure = new EnumStructure(["sad", "it's \"ok\""]), Origin = new TypeOrigin("public", "mood", null),
        };
        var price = Of(16_401, "price", new DomainStructure(s_price));
        var range = Of(3904, "int4range", new RangeStructure(s_integer));
        var pair = Of(16_402, "pair", new CompositeStructure(
            [new("m", mood) { AttributeNumber = 2 }, new("p", price), new("r", range)]));
        var hstore = new PostgresType(16_404, -1, "hstore")
        {
            Origin = new TypeOrigin("public", "hstore", "hstore"), HasUnreadableBinary = true,
        };
        var schema = new TableSchema(
            1, new TableName("public", "t"),
            [
                new(1, "pairs", Of(16_403, "pair[]", new ArrayStructure(pair, 2)), false),
                new(2, "ranges", Of(4451, "int4multirange", new MultirangeStructure(range)), false),
                new(3, "pairs of text", hstore, false),
                new(4, "acl", Of(
                    1034, "aclitem[]", new ArrayStructure(new(1033, -1, "aclitem") { IsTextOnly = true }, 1)), false),
                new(5, "boxes", Of(1020, "box[]", new ArrayStructure(new(603, -1, "box"), 1) { Delimiter = ';' }),
                    false),
            ],
            [], ReplicaIdentity.Full);

        var json = StoredColumn.Write(schema, DuckDbTypes.Of(schema));
        var read = schema with { Columns = [.. StoredColumn.Read(json).Select(c => c.ToColumnSchema())] };

        Assert.Equal(DuckDbTypes.Of(schema), DuckDbTypes.Of(read));
        Assert.Equal(json, StoredColumn.Write(read, DuckDbTypes.Of(read)));
        Assert.All(schema.Columns.Zip(read.Columns),
            c => Assert.Equal(TypeChange.None, TypeComparison.Compare(c.First.Type, c.Second.Type)));
        Assert.Equal(
            schema.Columns.Select(c => c.Type.CanComeInBinary()), read.Columns.Select(c => c.Type.CanComeInBinary()));
        var element = Assert.IsType<ArrayStructure>(read.Columns[0].Type.Structure).Element;
        var pairs = Assert.IsType<CompositeStructure>(element.Structure);
        Assert.Equal([2, 0, 0], pairs.Attributes.Select(a => (int)a.AttributeNumber));
        Assert.Equal(';', Assert.IsType<ArrayStructure>(read.Columns[4].Type.Structure).Delimiter);
    }

    [Fact]
    public void A_type_is_stored_however_deep_it_goes()
    {
        var type = s_integer;
        for (var depth = 1; depth <= 100; depth++)
            type = Of(20_000, "pair", new CompositeStructure([new("a", type)]));
        var schema = new TableSchema(
            1, new TableName("public", "t"), [new(1, "c", type, false)], [], ReplicaIdentity.Full);

        var json = StoredColumn.Write(schema, []);
        var read = Assert.Single(StoredColumn.Read(json)).ToColumnSchema();

        Assert.DoesNotContain("parts", json, StringComparison.Ordinal);
        Assert.Equal(CodecCatalog.Find(type).DuckDbType, CodecCatalog.Find(read.Type).DuckDbType);
    }

    [Fact]
    public void Columns_that_earlier_versions_stored_are_read_as_before()
    {
        var column = Assert.Single(StoredColumn.Read(
            """
            [{"attribute_number":6,"name":"d","type_oid":1007,"type_modifier":-1,"type_name":"integer[]","not_null":false,
              "key_ordinal":null,"duck_db_type":"INTEGER[]"}]
            """)).ToColumnSchema();
        Assert.Equal(new ColumnSchema(6, "d", new PostgresType(1007, -1, "integer[]"), false), column);
        Assert.Equal("INTEGER[]", CodecCatalog.Find(column.Type).DuckDbType);
    }

    private static PostgresType Of(uint oid, string name, TypeStructure structure) =>
        new(oid, -1, name) { Structure = structure };
}
