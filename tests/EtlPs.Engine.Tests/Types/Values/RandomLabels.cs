namespace EtlPs.Engine.Tests.Types.Values;

/// <summary>Label trees.</summary>
internal sealed class RandomLabels(RandomPieces pieces) : IRandomValues
{
    public string? Of(string type) => type switch
    {
        "ltree" => string.Join('.', pieces.Many(6, pieces.Word)),
        "lquery" => string.Join('.', pieces.Some(5, Level)),
        "ltxtquery" => TextQuery(3),
        _ => null,
    };

    private string Level() => pieces.Random.Below(3) switch
    {
        0 => $"*{Repetition()}",
        1 => $"{pieces.Random.Pick(["", "!"])}{string.Join('|', pieces.Some(4, Variant))}",
        _ => $"{Variant()}{Repetition()}",
    };

    private string Repetition() => pieces.Random.Pick(["", "{2}", "{,3}", "{1,}", "{0,65535}"]);

    private string Variant() => $"{pieces.Word()}{pieces.Random.Pick(["", "", "@", "*", "%", "@*%"])}";

    private string TextQuery(int depth) => pieces.Random.Below(depth > 0 ? 6 : 3) switch
    {
        < 3 => Variant(),
        3 => $"!({TextQuery(depth - 1)})",
        4 => $"{TextQuery(depth - 1)} & {TextQuery(depth - 1)}",
        _ => $"({TextQuery(depth - 1)} | {TextQuery(depth - 1)})",
    };
}
