using System.Buffers.Text;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// What a decimal number says whatever its zeros and its point: its digits from the first to the last that is not zero.
/// </summary>
internal readonly ref struct SignificantDigits
{
    private readonly ReadOnlySpan<byte> _before;
    private readonly ReadOnlySpan<byte> _after;

    /// <param name="number">Digits with or without a point, and an exponent behind an <c>E</c>; a sign is passed
    /// over.</param>
    public SignificantDigits(ReadOnlySpan<byte> number)
    {
        var exponent = 0;
        var e = number.IndexOf((byte)'E');
        if (e >= 0)
        {
            // Utf8Parser reads no plus sign.
            _ = Utf8Parser.TryParse(number[(e + 1)..].TrimStart((byte)'+'), out exponent, out _);
            number = number[..e];
        }
        number = number.TrimStart((byte)'-');
        var point = number.IndexOf((byte)'.');
        _before = (point < 0 ? number : number[..point]).TrimStart((byte)'0');
        _after = point < 0 ? default : number[(point + 1)..].TrimEnd((byte)'0');
        Exponent = _before.Length + exponent;
        if (_before.IsEmpty)
        {
            var digits = _after.TrimStart((byte)'0');
            Exponent -= _after.Length - digits.Length;
            _after = digits;
        }
        if (_after.IsEmpty) _before = _before.TrimEnd((byte)'0');
        Count = _before.Length + _after.Length;
        if (Count == 0) Exponent = 0;
    }

    /// <summary>How many digits there are.</summary>
    public int Count { get; }

    /// <summary>The number is 0.D × 10 to this power, D being the digits.</summary>
    public int Exponent { get; }

    public bool Equals(SignificantDigits other)
    {
        if (Count != other.Count || Exponent != other.Exponent) return false;
        for (var i = 0; i < Count; i++)
            if (At(i) != other.At(i)) return false;
        return true;
    }

    private byte At(int index) => index < _before.Length ? _before[index] : _after[index - _before.Length];
}
