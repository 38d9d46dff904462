using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// A type kept as its text: in text the bytes pass through, in binary the text is made as the output function does.
/// </summary>
internal abstract class FormattedCodec : ColumnCodec
{
    /// <summary>No text of the type.</summary>
    protected const int NoText = -1;

    public sealed override string DuckDbType => "VARCHAR";

    public sealed override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        var longest = LongestText(wire);
        if (longest < 0)
            throw Malformed("binary");
        var text = vector.Allocate(longest);
        var length = Format(wire, text);
        if (length < 0)
            throw Malformed("binary");
        TextCodec.Write(text[..length], vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) =>
        TextCodec.Write(wire, vector, row);

    /// <summary>How many bytes the text of a value has at most; <see cref="NoText"/>: the wire is no value.</summary>
    protected abstract int LongestText(ReadOnlySpan<byte> wire);

    /// <summary>Writes the text and returns its length; <see cref="NoText"/>: the wire is no value.</summary>
    protected abstract int Format(ReadOnlySpan<byte> wire, Span<byte> text);
}
