using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>A multirange as a LIST of its ranges, in order: in text <c>{[1,3),[5,7)}</c>.</summary>
internal sealed class MultirangeCodec(ColumnCodec range) : ColumnCodec
{
    public override string DuckDbType { get; } = $"{range.DuckDbType}[]";

    public override bool HoldsEveryValue => range.HoldsEveryValue;

    public override bool HoldsText => range.HoldsText;

    public override bool ReadsBinary => range.ReadsBinary;

    public override string PostgresText(string value) =>
        $"'{{' || coalesce(array_to_string(list_transform({value}, lambda x: {range.PostgresText("x")}), ','), '') || "
        + "'}'";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var fields = new WireFields(wire);
        if (!fields.TryNext(out var count) || count < 0 || (long)count * sizeof(int) > fields.Rest.Length)
            throw Malformed("binary");
        var ranges = vector.BeginList(row, count, out var first);
        for (var i = first; i < first + count; i++)
        {
            if (fields.Next(out var value) != WireField.Value)
                throw Malformed("binary");
            range.ReadBinary(value, ranges, i);
        }

        if (!fields.Rest.IsEmpty)
            throw Malformed("binary");
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.Length < 2 || wire[0] != (byte)'{' || wire[^1] != (byte)'}')
            throw Malformed("text");
        wire = wire[1..^1];
        var count = 0;
        for (var rest = wire; !rest.IsEmpty; count++)
            Take(ref rest);
        var ranges = vector.BeginList(row, count, out var index);
        for (; !wire.IsEmpty; index++)
            range.ReadText(Take(ref wire), ranges, index);
    }

    /// <summary>Takes one range from the front: up to the bracket that closes it, which may be in quotes too.</summary>
    private ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> text)
    {
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == (byte)'\\')
                i++;
            else if (text[i] == (byte)'"')
                quoted = !quoted;
            else if (!quoted && text[i] is (byte)')' or (byte)']')
            {
                var taken = text[..(i + 1)];
                text = text[(i + 1)..];
                if (text.Length == 1 || (text.Length > 1 && text[0] != (byte)','))
                    throw Malformed("text");
                text = text.IsEmpty ? text : text[1..];
                return taken;
            }
        }

        throw Malformed("text");
    }
}
