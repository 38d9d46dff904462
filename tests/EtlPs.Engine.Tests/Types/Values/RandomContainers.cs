namespace EtlPs.Engine.Tests.Types.Values;

internal sealed class RandomContainers(RandomPieces pieces, RandomText values) : IRandomValues
{
    public string? Of(string type) => type switch
    {
        "pair" => $"({Maybe("integer")},{Maybe("text")},{Maybe("numeric(10,2)")})",
        "whole" => $"({Maybe("positive")},{Maybe("text")},{Maybe("numeric(10,2)")})",
        "nest" => $"({Maybe("pair")},{Maybe("mood[]")},{Maybe("int4range")})",
        "grid" => values.Array("integer", 2),
        "hstore" => string.Join(
            ", ", pieces.Many(5, () => $"{Quoted("text")}=>{(pieces.Random.Percent(20) ? "NULL" : Quoted("text"))}")),
        _ => null,
    };

    private string Maybe(string type) => pieces.Random.Percent(20) ? "" : Quoted(type);

    private string Quoted(string type) => RandomPieces.Quote(values.Of(type));
}
