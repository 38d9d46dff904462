using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// Walks the text of composites, ranges and hstores: items that are quoted where they are empty or hold what would end
/// them, with a backslash before a quote or backslash inside, or with two quotes in place of one.
/// </summary>
internal ref struct QuotedText(ReadOnlySpan<byte> text)
{
    /// <summary>What has not been taken.</summary>
    public ReadOnlySpan<byte> Rest { get; private set; } = text;

    public bool TryTake(ReadOnlySpan<byte> prefix)
    {
        if (!Rest.StartsWith(prefix))
            return false;
        Rest = Rest[prefix.Length..];
        return true;
    }

    /// <summary>Takes an item, without its quotes and escapes.</summary>
    /// <param name="ends">What ends an item that is not quoted.</param>
    /// <param name="vector">Gives memory for an item that had escapes.</param>
    /// <param name="item">The item.</param>
    /// <param name="isQuoted">Whether it was quoted: what is empty and not quoted is not there.</param>
    public bool TryTakeItem(
        ReadOnlySpan<byte> ends, ColumnVector vector, out ReadOnlySpan<byte> item, out bool isQuoted)
    {
        isQuoted = Rest.StartsWith("\""u8);
        if (isQuoted)
            return TryTakeQuoted(vector, out item);
        var length = Rest.IndexOfAny(ends);
        item = length < 0 ? default : Rest[..length];
        if (length < 0 || item.IndexOfAny((byte)'"', (byte)'\\') >= 0)
            return false;
        Rest = Rest[length..];
        return true;
    }

    /// <summary>
    /// Takes out the backslashes that make the character behind them a plain one, and one of two quotes.
    /// </summary>
    public static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> escaped, ColumnVector vector)
    {
        var bytes = vector.Allocate(escaped.Length);
        var length = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] is (byte)'\\' or (byte)'"')
                i++;
            bytes[length++] = escaped[i];
        }

        return bytes[..length];
    }

    /// <summary>DuckDB's SQL that quotes a text; NULL stays NULL.</summary>
    public static string Quote(string text) => $"""'"' || replace(replace({text}, '\', '\\'), '"', '\"') || '"'""";

    private bool TryTakeQuoted(ColumnVector vector, out ReadOnlySpan<byte> item)
    {
        item = default;
        var text = Rest[1..];
        var escapes = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == (byte)'\\' || text[i..].StartsWith("\"\""u8))
            {
                escapes = true;
                i++;
                continue;
            }

            if (text[i] != (byte)'"')
                continue;
            item = escapes ? Unescape(text[..i], vector) : text[..i];
            Rest = text[(i + 1)..];
            return true;
        }

        return false;
    }
}
