using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// How each Postgres type is carried. Built-in types have the same oids on every server, those of extensions are known
/// by their names, and all others by what they are made of; what is known by none of these comes as text.
/// </summary>
internal static class CodecCatalog
{
    // A typmod of numeric: precision above scale, and the header's four bytes on top.
    private const int TypmodHeader = 4;

    /// <summary>The codec for a column's type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="numeric">How numerics are carried that DECIMAL has no type for.</param>
    public static ColumnCodec Find(PostgresType type, UnboundedNumeric numeric = default)
    {
        var codec = FindPart(type, numeric);
        return codec.ReadsBinary && type.CanComeInBinary() ? codec : new TextColumnCodec(codec);
    }

    private static ColumnCodec FindPart(PostgresType type, UnboundedNumeric numeric) => type.Structure switch
    {
        // Arrays by nature, with a text and bounds of their own.
        _ when type.Oid == 22 => new VectorCodec(new Int2Codec(), 21),
        _ when type.Oid == 30 => new VectorCodec(new UInt32Codec(), 26),
        ArrayStructure array =>
            new ListCodec(FindPart(array.Element, numeric), array.Element.Oid, array.Dimensions, (byte)array.Delimiter),
        DomainStructure domain => FindPart(domain.Base, numeric),
        CompositeStructure composite when HasDistinctNames(composite) => new CompositeCodec(
            [.. composite.Attributes.Select(a => (a.Name, a.Type.Oid, FindPart(a.Type, numeric)))]),
        EnumStructure { Labels.Count: > 0 } labels => new EnumCodec(labels.Labels),
        EnumStructure => new TextCodec("VARCHAR"),
        // A range with rounded bounds may be an empty one, or touch its neighbour.
        RangeStructure range => new RangeCodec(FindPart(range.Bound, numeric with { IsRounded = false })),
        MultirangeStructure multirange => new MultirangeCodec(FindPart(multirange.Range, numeric)),
        null when type.Origin is { } origin => FindExtension(origin),
        // Files of earlier versions tell no structure of the arrays that those carried.
        null when ElementOf(type.Oid) is { } element =>
            new ListCodec(FindBuiltIn(element, type.Modifier, numeric) ?? new OutputTextCodec(), element, 1, (byte)','),
        null => FindBuiltIn(type.Oid, type.Modifier, numeric) ?? new OutputTextCodec(),
        _ => new OutputTextCodec(),
    };

    // To DuckDB "a" and "A" are one field.
    private static bool HasDistinctNames(CompositeStructure composite) =>
        composite.Attributes.Count > 0
        && composite.Attributes.DistinctBy(a => a.Name, StringComparer.OrdinalIgnoreCase)
            .Count() == composite.Attributes.Count;

    private static ColumnCodec FindExtension(TypeOrigin origin) => (origin.Extension, origin.Name) switch
    {
        ("citext", "citext") => new TextCodec("VARCHAR"),
        ("hstore", "hstore") => new HstoreCodec(),
        ("ltree", "ltree" or "lquery" or "ltxtquery") => new VersionedTextCodec("VARCHAR"),
        _ => new OutputTextCodec(),
    };

    private static ColumnCodec? FindBuiltIn(uint oid, int modifier, UnboundedNumeric numeric) => oid switch
    {
        16 => new BooleanCodec(),
        17 => new ByteaCodec(),
        18 => new ByteCharCodec(),
        20 => new Int8Codec(),
        21 => new Int2Codec(),
        23 => new Int4Codec(),
        19 or 25 or 142 or 1042 or 1043 or 1790 => new TextCodec("VARCHAR"),
        26 or 28 or 29 => new UInt32Codec(),
        27 => new TidCodec(),
        114 => new TextCodec("JSON"),
        600 => new GeometryCodec(GeometryCodec.Point, 2),
        601 => new GeometryCodec($"STRUCT(p1 {GeometryCodec.Point}, p2 {GeometryCodec.Point})", 4),
        602 => new PolygonCodec(isPath: true),
        603 => new GeometryCodec($"STRUCT(high {GeometryCodec.Point}, low {GeometryCodec.Point})", 4),
        604 => new PolygonCodec(isPath: false),
        628 => new GeometryCodec("STRUCT(a DOUBLE, b DOUBLE, c DOUBLE)", 3),
        650 => new InetCodec(isCidr: true),
        700 => new Float4Codec(),
        701 => new Float8Codec(),
        718 => new GeometryCodec($"STRUCT(center {GeometryCodec.Point}, radius DOUBLE)", 3),
        774 => new MacAddressCodec(8),
        790 => new MoneyCodec(),
        829 => new MacAddressCodec(6),
        869 => new InetCodec(isCidr: false),
        1082 => new DateCodec(),
        1083 => new TimeCodec(),
        1114 => new TimestampCodec(withTimeZone: false),
        1184 => new TimestampCodec(withTimeZone: true),
        1186 => new IntervalCodec(),
        1266 => new TimeTzCodec(),
        1560 => new BitCodec(),
        1562 => new BitTextCodec(),
        1700 => FindDecimal(modifier, numeric),
        2950 => new UuidCodec(),
        2970 or 5038 => new SnapshotCodec(),
        3220 => new LsnCodec(),
        3614 => new TsVectorCodec(),
        3615 => new TsQueryCodec(),
        3802 => new VersionedTextCodec("JSON"),
        4072 => new VersionedTextCodec("VARCHAR"),
        5069 => new UInt64Codec(),
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

    private static ColumnCodec Unbounded(UnboundedNumeric numeric) => numeric.Kind switch
    {
        UnboundedNumericKind.Double => new NumericDoubleCodec(numeric.IsRounded),
        UnboundedNumericKind.Decimal => new DecimalCodec(numeric.Precision, numeric.Scale, numeric.IsRounded),
        _ => new NumericTextCodec(),
    };

    // Without a modifier a numeric has any number of digits; Postgres 15 and later allow scales below 0 and above the
    // precision, where a DECIMAL needs as many digits as there are places.
    private static ColumnCodec FindDecimal(int modifier, UnboundedNumeric numeric)
    {
        if (modifier < TypmodHeader)
            return Unbounded(numeric);
        var precision = (modifier - TypmodHeader) >> 16;
        var scale = (((modifier - TypmodHeader) & 0x7FF) ^ 0x400) - 0x400;
        (precision, scale) = scale < 0 ? (precision - scale, 0) : (Math.Max(precision, scale), scale);
        return precision is >= 1 and <= DecimalCodec.MaxPrecision
            ? new DecimalCodec(precision, scale)
            : Unbounded(numeric);
    }
}
