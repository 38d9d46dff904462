using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// A composite as a STRUCT of its attributes: in text <c>(1,"a ""b"" c",)</c>, where nothing at all is NULL.
/// </summary>
internal sealed class CompositeCodec(IReadOnlyList<(string Name, uint Oid, ColumnCodec Codec)> attributes) : ColumnCodec
{
    private readonly (string Name, uint Oid, ColumnCodec Codec)[] _attributes = [.. attributes];

    public override string DuckDbType { get; } =
        $"STRUCT({string.Join(", ", attributes.Select(a => $"{TableName.Quote(a.Name)} {a.Codec.DuckDbType}"))})";

    public override bool HoldsEveryValue => false;

    public override bool ReadsBinary { get; } = attributes.All(a => a.Codec.ReadsBinary);

    public override string PostgresText(string value)
    {
        var fields = _attributes.Select(a =>
        {
            var field = $"{value}['{a.Name.Replace("'", "''", StringComparison.Ordinal)}']";
            return $"CASE WHEN {field} IS NULL THEN '' ELSE {QuotedText.Quote(a.Codec.PostgresText(field))} END";
        });
        return $"'(' || {string.Join(" || ',' || ", fields)} || ')'";
    }

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var fields = new WireFields(wire);
        if (!fields.TryNext(out var count))
            throw Malformed("binary");
        if (count != _attributes.Length)
            throw OtherAttributes();
        for (var i = 0; i < count; i++)
        {
            if (!fields.TryNext(out var oid))
                throw Malformed("binary");
            if ((uint)oid != _attributes[i].Oid)
                throw OtherAttributes();
            switch (fields.Next(out var value))
            {
                case WireField.Null: vector.Field(i).SetNull(row); break;
                case WireField.Value: _attributes[i].Codec.ReadBinary(value, vector.Field(i), row); break;
                default: throw Malformed("binary");
            }
        }

        if (!fields.Rest.IsEmpty)
            throw Malformed("binary");
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var text = new QuotedText(wire);
        if (!text.TryTake("("u8))
            throw Malformed("text");
        for (var i = 0; i < _attributes.Length; i++)
        {
            if (i > 0 && !text.TryTake(","u8))
                throw OtherAttributes();
            if (!text.TryTakeItem(",)"u8, vector, out var value, out var isQuoted))
                throw Malformed("text");
            if (value.IsEmpty && !isQuoted)
                vector.Field(i).SetNull(row);
            else
                _attributes[i].Codec.ReadText(value, vector.Field(i), row);
        }

        if (text.Rest.StartsWith(","u8))
            throw OtherAttributes();
        if (!text.TryTake(")"u8) || !text.Rest.IsEmpty)
            throw Malformed("text");
    }

    // ALTER TYPE changes what the stream brings, and no table that has a column of the type.
    private static TypeAlteredException OtherAttributes() =>
        new("a composite value with other attributes than its type had when the table was copied");
}
