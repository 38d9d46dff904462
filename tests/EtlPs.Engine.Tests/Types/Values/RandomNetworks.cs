using System.Globalization;
using System.Net;

namespace EtlPs.Engine.Tests.Types.Values;

internal sealed class RandomNetworks(RandomPieces pieces) : IRandomValues
{
    public string? Of(string type) => type switch
    {
        "macaddr" => pieces.Hex(6),
        "macaddr8" => pieces.Hex(8),
        "inet" => Network(isMasked: false),
        "cidr" => Network(isMasked: true),
        _ => null,
    };

    private string Network(bool isMasked)
    {
        var address = pieces.Random.Percent(40)
            ? [(byte)pieces.Random.Below(256), (byte)pieces.Random.Below(256), (byte)pieces.Random.Below(2),
                (byte)pieces.Random.Below(256)]
            : Enumerable.Range(0, 8).SelectMany(_ => Group()).ToArray();
        var bits = pieces.Random.Below((address.Length * 8) + 1);
        for (var bit = bits; isMasked && bit < address.Length * 8; bit++)
            address[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(address)}/{bits}");
    }

    private byte[] Group() =>
        pieces.Random.Percent(60) ? [0, 0] : [(byte)pieces.Random.Below(256), (byte)pieces.Random.Below(256)];
}
