namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A row of pg_type with what hangs on it.</summary>
/// <param name="Oid">pg_type.oid.</param>
/// <param name="Schema">pg_namespace.nspname.</param>
/// <param name="Name">pg_type.typname.</param>
/// <param name="DisplayName">What format_type says without a modifier.</param>
/// <param name="Kind">pg_type.typtype: 'b', 'c', 'd', 'e', 'm', 'p' or 'r'.</param>
/// <param name="HasSend">Whether it has a send function.</param>
/// <param name="Extension">The extension that made it; null: none.</param>
/// <param name="Inner">The element of a true array, the base of a domain, a range's bound or a multirange's range; 0:
/// none.</param>
/// <param name="InnerModifier">A domain's typmod.</param>
/// <param name="InnerDimensions">A domain's dimensions.</param>
/// <param name="Names">An enum's labels, or a composite's attributes.</param>
/// <param name="AttributeTypes">A composite's attributes' types, as many as there are names.</param>
/// <param name="AttributeModifiers">Their typmods.</param>
/// <param name="AttributeDimensions">Their declared dimensions.</param>
/// <param name="Delimiter">typdelim: what stands between two elements in the text of an array.</param>
/// <param name="AttributeNumbers">A composite's attributes' attnums.</param>
internal sealed record CatalogType(
    uint Oid,
    string Schema,
    string Name,
    string DisplayName,
    char Kind,
    bool HasSend,
    string? Extension,
    uint Inner,
    int InnerModifier,
    int InnerDimensions,
    string[] Names,
    uint[] AttributeTypes,
    int[] AttributeModifiers,
    int[] AttributeDimensions,
    char Delimiter,
    short[] AttributeNumbers);
