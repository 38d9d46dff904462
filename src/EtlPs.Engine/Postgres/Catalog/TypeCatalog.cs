using EtlPs.Engine.Changes;
using Npgsql;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>The types of columns with all that they are made of, read at once.</summary>
internal sealed class TypeCatalog
{
    private const int MostDimensions = 6;

    private const string Query = """
        WITH RECURSIVE reached (oid) AS (
            SELECT pg_catalog.unnest($1::oid[])
            UNION
            SELECT part.oid FROM reached JOIN pg_catalog.pg_type AS t ON t.oid = reached.oid CROSS JOIN LATERAL (
                SELECT e.oid FROM pg_catalog.pg_type AS e WHERE e.oid = t.typelem AND e.typarray = t.oid
                UNION ALL SELECT t.typbasetype WHERE t.typtype = 'd'
                UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a
                          WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE r.rngtypid = t.oid
                UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range AS r WHERE r.rngmultitypid = t.oid) AS part)
        SELECT t.oid, n.nspname::text, t.typname::text, pg_catalog.format_type(t.oid, NULL), t.typtype, t.typsend <> 0,
               (SELECT x.extname::text FROM pg_catalog.pg_depend AS d
                   JOIN pg_catalog.pg_extension AS x ON x.oid = d.refobjid
                WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
                  AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass LIMIT 1),
               COALESCE(e.oid, NULLIF(t.typbasetype, 0), r.rngsubtype, m.rngtypid, 0), t.typtypmod, t.typndims,
               COALESCE(a.names, ARRAY(SELECT l.enumlabel::text FROM pg_catalog.pg_enum AS l
                                       WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder)),
               COALESCE(a.types, '{}'), COALESCE(a.modifiers, '{}'), COALESCE(a.dimensions, '{}'), t.typdelim,
               COALESCE(a.numbers, '{}')
        FROM reached JOIN pg_catalog.pg_type AS t ON t.oid = reached.oid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
        LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem AND e.typarray = t.oid
        LEFT JOIN pg_catalog.pg_range AS r ON r.rngtypid = t.oid
        LEFT JOIN pg_catalog.pg_range AS m ON m.rngmultitypid = t.oid
        LEFT JOIN LATERAL (
            SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS names,
                   pg_catalog.array_agg(a.atttypid ORDER BY a.attnum) AS types,
                   pg_catalog.array_agg(a.atttypmod ORDER BY a.attnum) AS modifiers,
                   pg_catalog.array_agg(a.attndims::int4 ORDER BY a.attnum) AS dimensions,
                   pg_catalog.array_agg(a.attnum ORDER BY a.attnum) AS numbers
            FROM pg_catalog.pg_attribute AS a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS a ON true
        """;

    private readonly Dictionary<uint, CatalogType> _types;
    private readonly string? _encoding;

    private TypeCatalog(IEnumerable<CatalogType> types, string? encoding)
    {
        _types = types.ToDictionary(t => t.Oid);
        _encoding = encoding;
    }

    /// <summary>Reads these types and whatever they are made of.</summary>
    public static async Task<TypeCatalog> ReadAsync(
        NpgsqlConnection connection, IEnumerable<uint> oids, CancellationToken cancellationToken) =>
        new(
            await connection.ReadAsync(Query, Read, cancellationToken, CatalogReader.Oids(oids.Distinct()))
                .ConfigureAwait(false),
            connection.PostgresParameters.GetValueOrDefault("server_encoding"));

    /// <summary>A column's type.</summary>
    /// <param name="oid">atttypid.</param>
    /// <param name="modifier">atttypmod.</param>
    /// <param name="dimensions">attndims.</param>
    /// <param name="displayName">What format_type says of them.</param>
    public PostgresType Describe(uint oid, int modifier, int dimensions, string displayName)
    {
        // A type that was dropped between two statements: its table is gone too, which the next step finds.
        if (!_types.TryGetValue(oid, out var type)) return new PostgresType(oid, modifier, displayName);
        var structure = Structure(type, modifier, dimensions);
        return new PostgresType(oid, modifier, displayName)
        {
            Structure = structure,
            Origin = type is { Schema: "pg_catalog", Extension: null }
            ? null
            : new TypeOrigin(type.Schema, type.Name, type.Extension),
            IsTextOnly = !type.HasSend,
            // From SQL_ASCII nothing is converted.
            HasUnreadableBinary = _encoding is not ("UTF8" or "SQL_ASCII")
                && type is { Extension: "hstore", Name: "hstore" },
            IsUnencoded = _encoding == "SQL_ASCII",
        };
    }

    private TypeStructure? Structure(CatalogType type, int modifier, int dimensions) => type.Kind switch
    {
        'b' when type.Inner != 0 => new ArrayStructure(
            Describe(type.Inner, modifier, 0),
            Math.Clamp(dimensions, 1, MostDimensions)) { Delimiter = type.Delimiter },
        'c' => new CompositeStructure([.. type.Names.Select((name, i) => new CompositeAttribute(
            name, Describe(type.AttributeTypes[i], type.AttributeModifiers[i], type.AttributeDimensions[i]))
            { AttributeNumber = type.AttributeNumbers[i] })]),
        'd' => new DomainStructure(Describe(type.Inner, type.InnerModifier, type.InnerDimensions)),
        'e' => new EnumStructure(type.Names),
        'm' => new MultirangeStructure(Describe(type.Inner, -1, 0)),
        'r' => new RangeStructure(Describe(type.Inner, -1, 0)),
        _ => null,
    };

    private PostgresType Describe(uint oid, int modifier, int dimensions) =>
        Describe(oid, modifier, dimensions, _types.GetValueOrDefault(oid)?.DisplayName ?? "unknown");

    private static CatalogType Read(NpgsqlDataReader reader) => new(
        reader.GetFieldValue<uint>(0),
        reader.GetString(1),
        reader.GetString(2),
        reader.GetString(3),
        reader.GetFieldValue<char>(4),
        reader.GetBoolean(5),
        reader.GetText(6),
        reader.GetFieldValue<uint>(7),
        reader.GetInt32(8),
        reader.GetInt32(9),
        reader.GetFieldValue<string[]>(10),
        reader.GetFieldValue<uint[]>(11),
        reader.GetFieldValue<int[]>(12),
        reader.GetFieldValue<int[]>(13),
        reader.GetFieldValue<char>(14),
        reader.GetFieldValue<short[]>(15));
}
