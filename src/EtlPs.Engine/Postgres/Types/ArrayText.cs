namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// Walks an array as array_out writes it: <c>{{1,NULL},{"NULL","a \"b\" \\ c"}}</c>. An element is quoted where it is
/// empty, reads as NULL, or holds a brace, delimiter, quote, backslash or space.
/// </summary>
internal ref struct ArrayText(ReadOnlySpan<byte> text, byte delimiter)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private int _position;
    private bool _afterMember;

    /// <summary>The element's bytes between the quotes, escapes still in.</summary>
    public ReadOnlySpan<byte> Element { get; private set; }

    public bool IsNull { get; private set; }

    /// <summary>Whether a backslash makes the character behind it a plain one.</summary>
    public bool HasEscapes { get; private set; }

    /// <summary>How many braces are open.</summary>
    public int Depth { get; private set; }

    /// <summary>
    /// How many members the brace opened last has, up to its end or to where the text is none of an array, which the
    /// walk itself will find.
    /// </summary>
    public readonly int CountMembers()
    {
        var walk = this;
        for (var count = 0; ;)
        {
            switch (walk.MoveNext())
            {
                case ArrayTextStep.Open when walk.Depth == Depth + 1:
                case ArrayTextStep.Element when walk.Depth == Depth:
                    count++;
                    break;
                case ArrayTextStep.Close when walk.Depth < Depth:
                case ArrayTextStep.Malformed:
                case ArrayTextStep.End:
                    return count;
            }
        }
    }

    public ArrayTextStep MoveNext()
    {
        if (_position == _text.Length)
            return Depth == 0 && _afterMember ? ArrayTextStep.End : ArrayTextStep.Malformed;
        if (_afterMember)
        {
            if (Depth == 0)
                return ArrayTextStep.Malformed;
            if (_text[_position] == (byte)'}')
                return Close();
            if (_text[_position++] != delimiter || _position == _text.Length)
                return ArrayTextStep.Malformed;
        }
        else if (Depth > 0 && _text[_position] == (byte)'}')
        {
            return Close();
        }

        _afterMember = true;
        return _text[_position] switch
        {
            (byte)'{' => Open(),
            _ when Depth == 0 => ArrayTextStep.Malformed,
            (byte)'"' => ReadQuoted(),
            _ => ReadPlain(),
        };
    }

    private ArrayTextStep Open()
    {
        _position++;
        Depth++;
        _afterMember = false;
        return ArrayTextStep.Open;
    }

    private ArrayTextStep Close()
    {
        _position++;
        Depth--;
        _afterMember = true;
        return ArrayTextStep.Close;
    }

    private ArrayTextStep ReadPlain()
    {
        var rest = _text[_position..];
        var length = rest.IndexOfAny(delimiter, (byte)'}');
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
