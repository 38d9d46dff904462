namespace EtlPs.Engine.Tests.Types.Values;

/// <summary>Full text search.</summary>
internal sealed class RandomSearches(RandomPieces pieces) : IRandomValues
{
    public string? Of(string type) => type switch
    {
        "tsvector" => string.Join(' ', pieces.Many(5, () => $"{Lexeme()}{Positions()}")),
        "tsquery" => pieces.Random.Percent(5) ? "" : Query(4),
        _ => null,
    };

    private string Lexeme() => $"'{pieces.Text().Replace("\\", "\\\\").Replace("'", "''")}x'";

    private string Positions() => pieces.Random.Percent(50) ? "" : $":{string.Join(',', pieces.Some(5, Position))}";

    private string Position() => $"{pieces.Random.Between(1, 16383)}{pieces.Random.Pick(["", "A", "B", "C"])}";

    private string Query(int depth) => pieces.Random.Below(depth > 0 ? 8 : 3) switch
    {
        < 3 => $"{Lexeme()}{pieces.Random.Pick(["", "", ":*", ":AB", ":*ABCD"])}",
        3 => $"!{Query(depth - 1)}",
        4 => $"({Query(depth - 1)})",
        5 => $"{Query(depth - 1)} & {Query(depth - 1)}",
        6 => $"{Query(depth - 1)} | {Query(depth - 1)}",
        _ => $"({Query(depth - 1)}) <{pieces.Random.Pick(["-", "0", "2", "16384"])}> {Query(depth - 1)}",
    };
}
