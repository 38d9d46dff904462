using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// numeric of any number of digits as VARCHAR, as its output function writes it: <c>1.10</c>, <c>NaN</c>,
/// <c>-Infinity</c>.
/// </summary>
internal sealed class NumericTextCodec : FormattedCodec
{
    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        if (!NumericText.IsValid(wire))
            throw Malformed("text");
        vector.SetBytes(row, wire);
    }

    protected override int LongestText(ReadOnlySpan<byte> wire) =>
        NumericText.MaxLength(wire) is >= 0 and var length ? length : NoText;

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text) =>
        NumericText.TryWrite(wire, text, out var length) ? length : NoText;
}
