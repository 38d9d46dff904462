using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// A range as a STRUCT of its bounds, NULL where it is unbounded, and of what they say: an empty range has no bounds.
/// In text <c>[1,10)</c>, <c>("a b",]</c> or <c>empty</c>.
/// </summary>
internal sealed class RangeCodec(ColumnCodec bound) : ColumnCodec
{
    private const byte Empty = 0x01;
    private const byte LowerInclusive = 0x02;
    private const byte UpperInclusive = 0x04;
    private const byte LowerInfinite = 0x08;
    private const byte UpperInfinite = 0x10;
    private const byte Known = Empty | LowerInclusive | UpperInclusive | LowerInfinite | UpperInfinite;

    private enum Part
    {
        Lower,
        Upper,
        LowerInclusive,
        UpperInclusive,
        IsEmpty,
    }

    public override string DuckDbType { get; } =
        $"STRUCT(\"lower\" {bound.DuckDbType}, \"upper\" {bound.DuckDbType}, lower_inc BOOLEAN, upper_inc BOOLEAN, "
        + "\"empty\" BOOLEAN)";

    public override bool HoldsEveryValue => bound.HoldsEveryValue;

    public override bool HoldsText => bound.HoldsText;

    public override bool ReadsBinary => bound.ReadsBinary;

    public override string PostgresText(string value) =>
        $"CASE WHEN {value}['empty'] THEN 'empty' ELSE CASE WHEN {value}['lower_inc'] THEN '[' ELSE '(' END || "
        + $"{BoundText(value, "lower")} || ',' || {BoundText(value, "upper")} || CASE WHEN {value}['upper_inc'] THEN "
        + "']' ELSE ')' END END";

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.IsEmpty || (wire[0] & ~Known) != 0)
            throw Malformed("binary");
        var flags = wire[0];
        var fields = new WireFields(wire[1..]);
        WriteFlags(flags, vector, row);
        if ((flags & (Empty | LowerInfinite)) == 0)
            ReadBound(ref fields, Of(vector, Part.Lower), row);
        if ((flags & (Empty | UpperInfinite)) == 0)
            ReadBound(ref fields, Of(vector, Part.Upper), row);
        if (!fields.Rest.IsEmpty)
            throw Malformed("binary");
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (wire.SequenceEqual("empty"u8))
        {
            WriteFlags(Empty, vector, row);
            return;
        }

        var text = new QuotedText(wire);
        byte flags = 0;
        if (text.TryTake("["u8))
            flags |= LowerInclusive;
        else if (!text.TryTake("("u8))
            throw Malformed("text");
        if (!text.TryTakeItem(","u8, vector, out var lower, out var isLowerQuoted) || !text.TryTake(","u8)
            || !text.TryTakeItem(")]"u8, vector, out var upper, out var isUpperQuoted))
            throw Malformed("text");
        if (text.TryTake("]"u8))
            flags |= UpperInclusive;
        else if (!text.TryTake(")"u8))
            throw Malformed("text");
        if (!text.Rest.IsEmpty)
            throw Malformed("text");
        var hasLower = !lower.IsEmpty || isLowerQuoted;
        var hasUpper = !upper.IsEmpty || isUpperQuoted;
        WriteFlags((byte)(flags | (hasLower ? 0 : LowerInfinite) | (hasUpper ? 0 : UpperInfinite)), vector, row);
        if (hasLower)
            bound.ReadText(lower, Of(vector, Part.Lower), row);
        if (hasUpper)
            bound.ReadText(upper, Of(vector, Part.Upper), row);
    }

    private static ColumnVector Of(ColumnVector vector, Part part) => vector.Field((int)part);

    private static void WriteFlags(byte flags, ColumnVector vector, int row)
    {
        var isEmpty = (flags & Empty) != 0;
        if (isEmpty || (flags & LowerInfinite) != 0)
            Of(vector, Part.Lower).SetNull(row);
        if (isEmpty || (flags & UpperInfinite) != 0)
            Of(vector, Part.Upper).SetNull(row);
        Of(vector, Part.LowerInclusive).Set(row, !isEmpty && (flags & LowerInclusive) != 0);
        Of(vector, Part.UpperInclusive).Set(row, !isEmpty && (flags & UpperInclusive) != 0);
        Of(vector, Part.IsEmpty).Set(row, isEmpty);
    }

    private string BoundText(string value, string name) =>
        $"CASE WHEN {value}['{name}'] IS NULL THEN '' ELSE "
        + $"{QuotedText.Quote(bound.PostgresText($"{value}['{name}']"))} END";

    private void ReadBound(ref WireFields fields, ColumnVector vector, int row)
    {
        if (fields.Next(out var value) != WireField.Value)
            throw Malformed("binary");
        bound.ReadBinary(value, vector, row);
    }
}
