using EtlPs.Engine.Tests.Differential;

namespace EtlPs.Engine.Tests.Types.Values;

/// <summary>Random values of every type of the matrix as text that its input function reads.</summary>
internal sealed class RandomText
{
    private readonly SplitMix _random;
    private readonly IRandomValues[] _values;

    public RandomText(SplitMix random)
    {
        _random = random;
        var pieces = new RandomPieces(random);
        var times = new RandomTimes(pieces);
        _values =
        [
            new RandomNumbers(pieces), new RandomStrings(pieces), times, new RandomIdentifiers(pieces),
            new RandomNetworks(pieces),
            new RandomDocuments(pieces), new RandomSearches(pieces), new RandomLabels(pieces),
            new RandomGeometry(pieces),
            new RandomRanges(pieces, times), new RandomContainers(pieces, this),
        ];
    }

    public string Of(string type)
    {
        var element = type.Replace("[]", "", StringComparison.Ordinal);
        return element == type
            ? _values.Select(values => values.Of(type)).FirstOrDefault(value => value is not null)
            ?? throw new NotSupportedException(type)
            : Array(element, (type.Length - element.Length) / 2);
    }

    public string Array(string element, int dimensions)
    {
        if (_random.Percent(10))
            return "{}";
        var sizes = Enumerable.Range(0, dimensions).Select(_ => _random.Between(1, 4)).ToArray();
        // Alone among Postgres's own types, boxes have a delimiter of their own: a comma stands between their corners.
        var delimiter = element == "box" ? ';' : ',';
        return Inner(0);

        string Inner(int depth) => $"{{{string.Join(delimiter, Enumerable.Range(0, sizes[depth]).Select(_ =>
            depth + 1 < dimensions ? Inner(depth + 1) : _random.Percent(20)
            ? "NULL"
            : RandomPieces.Quote(Of(element))))}}}";
    }
}
