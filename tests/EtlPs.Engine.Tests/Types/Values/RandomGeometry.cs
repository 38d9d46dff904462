namespace EtlPs.Engine.Tests.Types.Values;

internal sealed class RandomGeometry(RandomPieces pieces) : IRandomValues
{
    public string? Of(string type) => type switch
    {
        "point" => Point(),
        "line" => $"{{{pieces.Random.Between(1, 1_000_000)}.5,{Round()},{Finite()}}}",
        "lseg" => $"[{Point()},{Point()}]",
        "box" => $"{Point()},{Point()}",
        "path" => pieces.Random.Percent(50) ? $"[{Points()}]" : $"({Points()})",
        "polygon" => $"({Points()})",
        "circle" => $"<{Point()},{Math.Abs((long)(int)pieces.Bits())}>",
        "cube" => Cube(),
        "seg" => Segment(),
        _ => null,
    };

    private string Round() => RandomNumbers.Text((double)(long)pieces.Bits() / 1024);

    private string Finite() => RandomNumbers.Text(BitConverter.UInt64BitsToDouble(pieces.Random.Next() & ~(1UL << 62)));

    private string Point() => $"({Round()},{Finite()})";

    private string Points() => string.Join(',', pieces.Some(6, Point));

    private string Cube()
    {
        var dimensions = pieces.Random.Between(1, 5);
        return pieces.Random.Percent(50) ? Corner(dimensions) : $"{Corner(dimensions)},{Corner(dimensions)}";
    }

    private string Corner(int dimensions) =>
        $"({string.Join(", ", Enumerable.Range(0, dimensions).Select(_ => pieces.Random.Percent(50) ? Round() : Finite()))})";

    private string Segment()
    {
        var first = pieces.Random.Below(10_000);
        var decimals = pieces.Random.Pick(["", ".0", ".25", ".100"]);
        return pieces.Random.Below(5) switch
        {
            0 => $"{pieces.Random.Pick(["", "~", "<", ">"])}{first}{decimals}",
            1 => $"{first}{decimals} ..",
            2 => $".. {first}{decimals}",
            3 => $"{first}(+-){pieces.Random.Between(1, 10)}{decimals}",
            _ => $"-{first}{decimals} .. {pieces.Random.Below(10_000)}{decimals}",
        };
    }
}
