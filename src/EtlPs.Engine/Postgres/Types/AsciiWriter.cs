using System.Buffers.Text;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>Writes characters and numbers one behind the other into bytes that are enough for them.</summary>
internal ref struct AsciiWriter(Span<byte> text)
{
    private readonly Span<byte> _text = text;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public void Write(char character) => _text[Length++] = (byte)character;

    public void Write(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(_text[Length..]);
        Length += utf8.Length;
    }

    public void Write(long number)
    {
        Utf8Formatter.TryFormat(number, _text[Length..], out var written);
        Length += written;
    }

    public void Write(ulong number)
    {
        Utf8Formatter.TryFormat(number, _text[Length..], out var written);
        Length += written;
    }

    /// <summary>In hexadecimal, in lower case, without zeros before it.</summary>
    public void WriteHex(uint number)
    {
        Utf8Formatter.TryFormat(number, _text[Length..], out var written, new('x'));
        Length += written;
    }
}
