using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A row of pg_attribute, with the file that the table had at the same moment.</summary>
internal sealed record CatalogColumn(
    uint Table, short Number, string Name, uint Type, int Modifier, int Dimensions, string TypeName, bool NotNull,
    bool Generated,
    uint AlteredBy, uint FileNode)
{
    /// <summary>The column with its type's tree.</summary>
    public ColumnSchema Describe(TypeCatalog types) =>
        new(Number, Name, types.Describe(Type, Modifier, Dimensions, TypeName), NotNull) { AlteredBy = AlteredBy };
}
