using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>How columns are carried: by their types, and as their pipeline is defined.</summary>
internal static class ColumnCodecs
{
    /// <summary>The codec for a column.</summary>
    public static ColumnCodec Find(ColumnSchema column)
    {
        var choice = column.Carriage.OnUnrepresentable;
        var codec = CodecCatalog.Find(
            column.Type, column.Carriage.Numeric with { IsRounded = choice == OnUnrepresentable.Round });
        if (choice != OnUnrepresentable.Text || HoldsEveryValue(codec, column.Type)) return codec;
        // What can be made of the binary form need not make the whole stream come as text.
        return codec switch
        {
            DecimalCodec or NumericDoubleCodec => new NumericTextCodec(),
            TextCodec when column.Type.IsUnencoded => new AnyBytesTextCodec(),
            _ => new TextColumnCodec(column.Type.IsUnencoded ? new AnyBytesTextCodec() : new OutputTextCodec()),
        };
    }

    /// <summary>Whether a column of the type needs no text in its place.</summary>
    public static bool HoldsEveryValue(ColumnCodec codec, PostgresType type) =>
        codec.HoldsEveryValue && !(type.IsUnencoded && codec.HoldsText);

    /// <summary>One codec for each column.</summary>
    public static ColumnCodec[] Of(IEnumerable<ColumnSchema> columns) => [.. columns.Select(Find)];
}
