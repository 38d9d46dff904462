using System.Globalization;
using System.Numerics;
using System.Text;

namespace EtlPs.Engine.Tests.Types.Values;

internal sealed class RandomRanges(RandomPieces pieces, RandomTimes times) : IRandomValues
{
    private static readonly Comparer<string> s_byBytes = Comparer<string>.Create(
        (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));

    public string? Of(string type) => type switch
    {
        "int4range" => Range(Numbers(() => (int)pieces.Bits() / 2)),
        "int8range" => Range(Numbers(() => (long)pieces.Bits() / 2)),
        "numrange" => Range(Numbers(() => BigInteger.Parse(
            pieces.Digits(pieces.Random.Between(1, 30)), CultureInfo.InvariantCulture), Fraction())),
        "daterange" => Range(Times(RandomTimes.LastDateYear - 1, times.Date)),
        "tsrange" => Range(Times(RandomTimes.LastYear, times.Timestamp)),
        "tstzrange" => Range(Times(RandomTimes.LastYear, times.ZonedTimestamp)),
        "textrange" => Range([.. new[] { pieces.Text(), pieces.Text() }.Order(s_byBytes)]),
        "int4multirange" => Multirange("int4range"),
        "nummultirange" => Multirange("numrange"),
        "tstzmultirange" => Multirange("tstzrange"),
        _ => null,
    };

    private string Multirange(string range) => $"{{{string.Join(',', pieces.Many(5, () => Of(range)!))}}}";

    private static string[] Numbers(Func<BigInteger> number, string fraction = "") =>
        [.. new[] { number(), number() }.Order()
            .Select(n => string.Create(CultureInfo.InvariantCulture, $"{n}{fraction}"))];

    private string Fraction() => pieces.Random.Pick(["", ".50", $".{pieces.Digits(20)}"]);

    // In years of their own, so that they are in order whatever their days, times and offsets.
    private string[] Times(int lastYear, Func<int, string> time)
    {
        int[] years = [.. new[] { times.Year(lastYear - 1), times.Year(lastYear - 1) }.Order()];
        if (years[0] == years[1])
            years[1] = years[1] == -1 ? 1 : years[1] + 1;
        return [pieces.Random.Percent(10) ? "-infinity" : time(years[0]), pieces.Random.Percent(10) ? "infinity"
            : time(years[1])];
    }

    private string Range(string[] bounds)
    {
        if (pieces.Random.Percent(10))
            return "empty";
        return $"{pieces.Random.Pick(["[", "("])}{Bound(bounds[0])},{Bound(bounds[1])}{pieces.Random.Pick(["]", ")"])}";
    }

    private string Bound(string value) => pieces.Random.Percent(15) ? "" : RandomPieces.Quote(value);
}
