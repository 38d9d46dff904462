namespace EtlPs.Engine.Tests.Types.Values;

internal sealed class RandomStrings(RandomPieces pieces) : IRandomValues
{
    public string? Of(string type) => type switch
    {
        // What is too long is cut off by the cast, as SQL has it.
        "text" or "varchar(1000000)" or "char(14)" or "name" or "citext" or "refcursor" => pieces.Text(),
        // Of several bytes the cast takes the first.
        "\"char\"" => pieces.Random.Pick(["", "a", "Z", " ", "'", "\"", "\\", ",", "{", "\x01", "\x7f", "é", "日", "😀"]),
        "mood" => pieces.Random.Pick(["sad", "it's \"ok\"", "happy 😀", "\\back", ""]),
        "bytea" => $"\\x{pieces.Hex(pieces.Random.Below(40))}",
        "bit(1)" => pieces.Binary(1),
        "bit(11)" => pieces.Binary(11),
        "bit(16)" => pieces.Binary(16),
        "bit varying" => pieces.Binary(pieces.Random.Below(100)),
        _ => null,
    };
}
