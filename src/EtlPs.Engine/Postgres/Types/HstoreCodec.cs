using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>hstore as a MAP; its keys are unique, its values may be NULL. In text <c>"a"=>"1", "b"=>NULL</c>.</summary>
internal sealed class HstoreCodec : ColumnCodec
{
    private const int Key = 0;
    private const int Value = 1;

    public override string DuckDbType => "MAP(VARCHAR, VARCHAR)";

    public override bool HoldsText => true;

    public override string PostgresText(string value) =>
        $"coalesce(array_to_string(list_transform(map_entries({value}), lambda x: {QuotedText.Quote("x['key']")} || "
        + $"'=>' || CASE WHEN x['value'] IS NULL THEN 'NULL' ELSE {QuotedText.Quote("x['value']")} END), ', '), '')";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var fields = new WireFields(wire);
        if (!fields.TryNext(out var count) || count < 0 || (long)count * (2 * sizeof(int)) > fields.Rest.Length)
            throw Malformed("binary");
        var entries = vector.BeginList(row, count, out var first);
        for (var i = first; i < first + count; i++)
        {
            if (fields.Next(out var key) != WireField.Value)
                throw Malformed("binary");
            TextCodec.Write(key, entries.Field(Key), i);
            switch (fields.Next(out var value))
            {
                case WireField.Null: entries.Field(Value).SetNull(i); break;
                case WireField.Value: TextCodec.Write(value, entries.Field(Value), i); break;
                default: throw Malformed("binary");
            }
        }

        if (!fields.Rest.IsEmpty)
            throw Malformed("binary");
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var count = 0;
        for (var counted = new QuotedText(wire); !counted.Rest.IsEmpty; count++)
            Take(ref counted, vector, out _, out _, out _);
        var entries = vector.BeginList(row, count, out var index);
        for (var text = new QuotedText(wire); !text.Rest.IsEmpty; index++)
        {
            Take(ref text, vector, out var key, out var value, out var isNull);
            TextCodec.Write(key, entries.Field(Key), index);
            if (isNull)
                entries.Field(Value).SetNull(index);
            else
                TextCodec.Write(value, entries.Field(Value), index);
        }
    }

    private void Take(
        ref QuotedText text, ColumnVector vector, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value,
        out bool isNull)
    {
        value = default;
        if (!text.TryTakeItem("="u8, vector, out key, out var isQuoted) || !isQuoted || !text.TryTake("=>"u8))
            throw Malformed("text");
        isNull = text.TryTake("NULL"u8);
        if (!isNull && (!text.TryTakeItem(","u8, vector, out value, out isQuoted) || !isQuoted))
            throw Malformed("text");
        if (!text.Rest.IsEmpty && (!text.TryTake(", "u8) || text.Rest.IsEmpty))
            throw Malformed("text");
    }
}
