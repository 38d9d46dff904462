using EtlPs.Engine.Tests.Differential;

namespace EtlPs.Engine.Tests.Types.Values;

/// <summary>What random values are put together of.</summary>
internal sealed class RandomPieces(SplitMix random)
{
    private static readonly string[] s_texts =
    [
        "a", "B", " ", "'", "\"", "\\", "\\N", "NULL", "{", "}", "(", ")", "[", "]", ",", ";", "=>", "é", "日本", "😀",
        "\t", "\n", "\x01", "x y", "0",
    ];

    public SplitMix Random => random;

    public static string Quote(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";

    /// <summary>As often small and round as large.</summary>
    public ulong Bits() =>
        random.Next() >> random.Pick([0, 1, 32, 33, 56, 63, 64]) is var bits && random.Percent(50) ? bits : ~bits;

    public string Sign() => random.Percent(50) ? "-" : "";

    public string Digits(int count) =>
        string.Concat(Enumerable.Range(0, count)
            .Select(_ => (char)('0' + (random.Percent(30) ? 0 : random.Below(10)))));

    public string Hex(int bytes) => string.Concat(Enumerable.Range(0, bytes).Select(_ => $"{random.Below(256):x2}"));

    public string Binary(int bits) => string.Concat(Enumerable.Range(0, bits).Select(_ => random.Below(2)));

    public string Text() => string.Concat(Many(6, () => random.Pick(s_texts)));

    /// <summary>A word of ASCII letters, digits and underscores.</summary>
    public string Word() => string.Concat(
        Enumerable.Range(0, random.Between(1, 6)).Select(_ => random.Pick(["a", "B", "c", "_", "7", "Zz"])));

    /// <summary>Fewer than so many.</summary>
    public List<string> Many(int most, Func<string> make) =>
        Enumerable.Range(0, random.Below(most)).Select(_ => make()).ToList();

    /// <summary>At least one, and fewer than so many.</summary>
    public List<string> Some(int most, Func<string> make) => [make(), .. Many(most - 1, make)];
}
