using System.Security;
using System.Text.Json;

namespace EtlPs.Engine.Tests.Types.Values;

internal sealed class RandomDocuments(RandomPieces pieces) : IRandomValues
{
    private const int Depth = 3;

    public string? Of(string type) => type switch
    {
        "json" or "jsonb" => Json(Depth),
        "jsonpath" => $"{pieces.Random.Pick(["", "lax ", "strict "])}{Path("$", 2)}",
        "xml" => string.Concat(pieces.Many(3, () => Xml(Depth))),
        _ => null,
    };

    private string Json(int depth) => pieces.Random.Below(depth > 0 ? 7 : 5) switch
    {
        0 => "null",
        1 => "true",
        2 => $"{(long)pieces.Bits()}",
        3 => $"{pieces.Sign()}{pieces.Random.Below(100)}.{pieces.Digits(30)}e{pieces.Random.Below(50)}",
        4 => JsonText(),
        5 => $"[{string.Join(", ", pieces.Many(4, () => Json(depth - 1)))}]",
        _ => $"{{{string.Join(" , ", pieces.Many(4, () => $"{JsonText()}:  {Json(depth - 1)}"))}}}",
    };

    private string JsonText() => JsonSerializer.Serialize(pieces.Text());

    private string Path(string start, int depth) =>
        start + string.Concat(pieces.Many(5, () => pieces.Random.Below(depth > 0 ? 8 : 7) switch
    {
        0 => $".{pieces.Word().TrimStart('7')}x",
        1 => $".{JsonText()}",
        2 => "[*]",
        3 => $"[{pieces.Random.Below(10)}, {pieces.Random.Below(5)} to last]",
        4 => ".*",
        5 => $".**{{{pieces.Random.Below(3)} to {pieces.Random.Between(3, 5)}}}",
        6 => pieces.Random.Pick([".size()", ".type()", ".double()", ".keyvalue()"]),
        _ => $" ? ({Condition(depth - 1)})",
    }));

    private string Condition(int depth) => pieces.Random.Below(depth > 0 ? 7 : 4) switch
    {
        0 => $"{Path("@", depth)} {pieces.Random.Pick(["==", "!=", "<", ">="])} "
            + $"{pieces.Random.Pick(["null", "true", "1.50", "$x", JsonText()])}",
        1 => $"{Path("@", depth)} like_regex \"^a.*é\"{pieces.Random.Pick(["", " flag \"i\"", " flag \"sm\""])}",
        2 => $"{Path("@", depth)} starts with {JsonText()}",
        3 => $"({Path("@", depth)} + 1) * -2 > {pieces.Random.Below(1000)}",
        4 => $"!({Condition(depth - 1)})",
        5 => $"({Condition(depth - 1)}) is unknown || exists ({Path("@", depth)})",
        _ => $"{Condition(depth - 1)} && {Condition(depth - 1)}",
    };

    private string Xml(int depth)
    {
        if (depth == 0 || pieces.Random.Percent(40))
            return XmlText();
        var name = $"e{pieces.Word()}";
        var attribute = pieces.Random.Percent(50) ? $" é=\"{XmlText()}\"" : "";
        return pieces.Random.Percent(20) ? $"<{name}{attribute}/>"
            : $"<{name}{attribute}>{string.Concat(pieces.Many(4, () => Xml(depth - 1)))}</{name}>";
    }

    private string XmlText() => SecurityElement.Escape(pieces.Text().Replace("\x01", "", StringComparison.Ordinal));
}
