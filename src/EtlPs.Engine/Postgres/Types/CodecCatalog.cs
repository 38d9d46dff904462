using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>Which Postgres types are carried, and how. Built-in types have the same oids on every server.</summary>
internal static class CodecCatalog
{
    // A typmod of numeric: precision above scale, and the header's four bytes on top.
    private const int TypmodHeader = 4;

    /// <summary>The codec for a column's type; null where the type, or its modifier, is not carried.</summary>
    public static ColumnCodec? Find(PostgresType type) =>
        ElementOf(type.Oid) is { } elementOid
            ? FindScalar(elementOid, type.Modifier) is { } element ? new ListCodec(element, elementOid) : null
            : FindScalar(type.Oid, type.Modifier);

    private static ColumnCodec? FindScalar(uint oid, int modifier) => oid switch
    {
        16 => new BooleanCodec(),
        17 => new ByteaCodec(),
        20 => new Int8Codec(),
        21 => new Int2Codec(),
        23 => new Int4Codec(),
        25 or 1042 or 1043 => new TextCodec("VARCHAR"),
        114 => new TextCodec("JSON"),
        700 => new Float4Codec(),
        701 => new Float8Codec(),
        1082 => new DateCodec(),
        1083 => new TimeCodec(),
        1114 => new TimestampCodec(withTimeZone: false),
        1184 => new TimestampCodec(withTimeZone: true),
        1700 => FindDecimal(modifier),
        2950 => new UuidCodec(),
        3802 => new JsonbCodec(),
        _ => null,
    };

    private static uint? ElementOf(uint arrayOid) => arrayOid switch
    {
        199 => 114,
        1000 => 16,
        1001 => 17,
        1005 => 21,
        1007 => 23,
        1009 => 25,
        1014 => 1042,
        1015 => 1043,
        1016 => 20,
        1021 => 700,
        1022 => 701,
        1115 => 1114,
        1182 => 1082,
        1183 => 1083,
        1185 => 1184,
        1231 => 1700,
        2951 => 2950,
        3807 => 3802,
        _ => null,
    };

    // Without a modifier a numeric has any number of digits; Postgres 15 and later allow scales below 0 and above the
    // precision, where a DECIMAL needs as many digits as there are places.
    private static DecimalCodec? FindDecimal(int modifier)
    {
        if (modifier < TypmodHeader)
            return null;
        var precision = (modifier - TypmodHeader) >> 16;
        var scale = (((modifier - TypmodHeader) & 0x7FF) ^ 0x400) - 0x400;
        (precision, scale) = scale < 0 ? (precision - scale, 0) : (Math.Max(precision, scale), scale);
        return precision is >= 1 and <= DecimalCodec.MaxPrecision ? new DecimalCodec(precision, scale) : null;
    }
}
