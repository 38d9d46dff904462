using System.Globalization;

namespace EtlPs.Engine.Tests.Types.Values;

/// <summary>Numbers and names that stand for something else.</summary>
internal sealed class RandomIdentifiers(RandomPieces pieces) : IRandomValues
{
    private static readonly string[] s_roles =
        ["pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_signal_backend"];

    public string? Of(string type) => type switch
    {
        "uuid" => pieces.Hex(16),
        "oid" or "xid" or "cid" => $"{(uint)pieces.Bits()}",
        "xid8" => $"{pieces.Bits()}",
        "tid" => $"({(uint)pieces.Bits()},{(ushort)pieces.Bits()})",
        "pg_lsn" => $"{(uint)pieces.Bits():X}/{(uint)pieces.Bits():X}",
        "pg_snapshot" or "txid_snapshot" => Snapshot(),
        "oidvector" => string.Join(' ', pieces.Many(10, () => $"{(uint)pieces.Bits()}")),
        "int2vector" => string.Join(' ', pieces.Many(10, () => $"{(short)pieces.Bits()}")),
        "regclass" => pieces.Random.Pick(
            ["pg_class", "pg_catalog.pg_type", "information_schema.tables", "pg_toast.pg_toast_1255"]),
        "regtype" => pieces.Random.Pick(
            ["integer", "timestamp with time zone[]", "\"char\"", "bit varying", "int4range", "numeric"]),
        "regrole" => pieces.Random.Pick(s_roles),
        "aclitem" => AclItem(),
        "isbn" => Isbn(),
        _ => null,
    };

    private string Snapshot()
    {
        var first = 1 + (pieces.Random.Next() >> pieces.Random.Between(2, 62));
        var size = pieces.Random.Below(1000);
        var running = Enumerable.Range(0, size).Where(_ => pieces.Random.Percent(1)).Select(n => $"{first + (ulong)n}");
        return $"{first}:{first + (ulong)size}:{string.Join(',', running)}";
    }

    private string AclItem()
    {
        var privileges = "arwdDxtXUCTc".Where(_ => pieces.Random.Percent(40))
            .Select(p => pieces.Random.Percent(20) ? $"{p}*" : $"{p}");
        return $"{pieces.Random.Pick(s_roles)}={string.Concat(privileges)}/{pieces.Random.Pick(s_roles)}";
    }

    private string Isbn()
    {
        var digits = $"978{pieces.Digits(9)}";
        var sum = digits.Select((digit, i) => (digit - '0') * (i % 2 == 0 ? 1 : 3)).Sum();
        return string.Create(CultureInfo.InvariantCulture, $"{digits}{(10 - (sum % 10)) % 10}");
    }
}
