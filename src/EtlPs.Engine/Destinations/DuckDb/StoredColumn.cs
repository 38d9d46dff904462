using System.Text.Json;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>One column in a table's row of <c>etlps.tables</c>, which keeps them as JSON.</summary>
/// <param name="KeyOrdinal">Its place among the key columns, from 0; null: not one of them.</param>
/// <param name="TypeStructure">What its type is made of; not there for a type of its own, and in files of earlier
/// versions.</param>
/// <param name="TypeOrigin">Who made its type; not there for a built-in one.</param>
/// <param name="TypeIsTextOnly">Whether its type has no send function.</param>
/// <param name="Numeric">How its numerics are carried, where a user chose it; null: as text.</param>
/// <param name="OnUnrepresentable">What becomes of values that DuckDB cannot hold; null: they are errors.</param>
/// <param name="DestinationName">Its name at the destination; null: the same.</param>
/// <param name="TypeHasUnreadableBinary">Whether its type's binary form cannot be read.</param>
/// <param name="TypeIsUnencoded">Whether its texts are any bytes.</param>
/// <param name="AlteredBy">xmin of its row in pg_attribute; not there in files of earlier versions.</param>
internal sealed record StoredColumn(
    short AttributeNumber,
    string Name,
    uint TypeOid,
    int TypeModifier,
    string TypeName,
    bool NotNull,
    int? KeyOrdinal,
    string? DuckDbType,
    TypeStructure? TypeStructure = null,
    TypeOrigin? TypeOrigin = null,
    bool TypeIsTextOnly = false,
    string? Numeric = null,
    string? OnUnrepresentable = null,
    string? DestinationName = null,
    bool TypeHasUnreadableBinary = false,
    bool TypeIsUnencoded = false,
    uint AlteredBy = 0)
{
    /// <summary>The JSON text of a table's columns.</summary>
    public static string Write(TableSchema schema, IReadOnlyList<string> duckDbTypes)
    {
        var columns = new StoredColumn[schema.Columns.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            var column = schema.Columns[i];
            columns[i] = new StoredColumn(
                column.AttributeNumber,
                column.Name,
                column.Type.Oid,
                column.Type.Modifier,
                column.Type.DisplayName,
                column.NotNull,
                KeyOrdinalOf(schema, i),
                duckDbTypes.Count == 0 ? null : duckDbTypes[i],
                column.Type.Structure,
                column.Type.Origin,
                column.Type.IsTextOnly,
                column.Carriage.Numeric == UnboundedNumeric.Text ? null : column.Carriage.Numeric.ToString(),
                column.Carriage.OnUnrepresentable == Changes.OnUnrepresentable.Error
                ? null
                : column.Carriage.OnUnrepresentable.ToString(),
                column.Carriage.Name,
                column.Type.HasUnreadableBinary,
                column.Type.IsUnencoded,
                column.AlteredBy);
        }

        return JsonSerializer.Serialize(columns, StoredColumnJson.Default.StoredColumnArray);
    }

    /// <summary>Reads them again.</summary>
    public static IReadOnlyList<StoredColumn> Read(string json) =>
        JsonSerializer.Deserialize(json, StoredColumnJson.Default.StoredColumnArray) ?? [];

    /// <summary>As the source had it.</summary>
    public ColumnSchema ToColumnSchema() =>
        new(
            AttributeNumber,
            Name,
            new PostgresType(TypeOid, TypeModifier, TypeName)
            {
                Structure = TypeStructure,
                Origin = TypeOrigin,
                IsTextOnly = TypeIsTextOnly,
                HasUnreadableBinary = TypeHasUnreadableBinary,
                IsUnencoded = TypeIsUnencoded,
            },
            NotNull)
        {
            Carriage = new ColumnCarriage(
                Numeric is null ? UnboundedNumeric.Text : UnboundedNumeric.Parse(Numeric),
                OnUnrepresentable is null
                ? Changes.OnUnrepresentable.Error
                : Enum.Parse<OnUnrepresentable>(OnUnrepresentable),
                DestinationName),
            AlteredBy = AlteredBy,
        };

    private static int? KeyOrdinalOf(TableSchema schema, int column)
    {
        for (var i = 0; i < schema.KeyColumns.Count; i++)
            if (schema.KeyColumns[i] == column)
                return i;
        return null;
    }
}
