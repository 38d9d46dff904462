namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// Walks an array as array_out writes it: <c>{1,NULL,"NULL","a \"b\" \\ c"}</c>. An element is quoted where it is empty,
/// reads as NULL, or holds a brace, comma, quote, backslash or space.
/// </summary>
internal ref struct ArrayText(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private int _position;

    /// <summary>The element's bytes between the quotes, escapes still in.</summary>
    public ReadOnlySpan<byte> Element { get; private set; }

    public bool IsNull { get; private set; }

    /// <summary>Whether a backslash makes the character behind it a plain one.</summary>
    public bool HasEscapes { get; private set; }

    public ArrayTextStep MoveNext()
    {
        var atStart = _position == 0;
        if (_text.Length < 2 || _text[0] != (byte)'{' || _position >= _text.Length)
            return ArrayTextStep.Malformed;
        if (!atStart)
        {
            if (_text[_position] == (byte)'}')
                return End();
            if (_text[_position] != (byte)',')
                return ArrayTextStep.Malformed;
        }

        _position++;
        if (_position >= _text.Length)
            return ArrayTextStep.Malformed;
        return _text[_position] switch
        {
            (byte)'}' when atStart => End(),
            (byte)'{' => ArrayTextStep.Nested,
            (byte)'"' => ReadQuoted(),
            _ => ReadPlain(),
        };
    }

    private readonly ArrayTextStep End() =>
        _position == _text.Length - 1 ? ArrayTextStep.End : ArrayTextStep.Malformed;

    private ArrayTextStep ReadPlain()
    {
        var rest = _text[_position..];
        var length = rest.IndexOfAny((byte)',', (byte)'}');
        if (length <= 0 || rest[..length].IndexOfAny("{\"\\"u8) >= 0)
            return ArrayTextStep.Malformed;
        Element = rest[..length];
        IsNull = Element.SequenceEqual("NULL"u8);
        HasEscapes = false;
        _position += length;
        return ArrayTextStep.Element;
    }

    private ArrayTextStep ReadQuoted()
    {
        var rest = _text[(_position + 1)..];
        HasEscapes = false;
        IsNull = false;
        for (var i = 0; ; i++)
        {
            var offset = rest[Math.Min(i, rest.Length)..].IndexOfAny((byte)'"', (byte)'\\');
            if (offset < 0)
                return ArrayTextStep.Malformed;
            i += offset;
            if (rest[i] == (byte)'"')
            {
                Element = rest[..i];
                _position += i + 2;
                return ArrayTextStep.Element;
            }

            HasEscapes = true;
            i++;
        }
    }
}
