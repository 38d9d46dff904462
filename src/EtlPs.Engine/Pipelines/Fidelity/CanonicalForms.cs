using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Fidelity;

/// <summary>The canonical forms of columns, also of what is made of others.</summary>
internal static class CanonicalForms
{
    private const uint Numeric = 1700;

    /// <summary>null: values of the type are not compared.</summary>
    public static CanonicalForm? Of(ColumnSchema column)
    {
        var codec = ColumnCodecs.Find(column);
        if (column.Type.IsUnencoded && column.Carriage.OnUnrepresentable == OnUnrepresentable.Text && codec.HoldsText)
            return CanonicalForm.TextBytes;
        return Of(column.Type, codec.DuckDbType, column.Carriage.Numeric, depth: 0);
    }

    private static CanonicalForm? Of(
        PostgresType type, string duckDbType, UnboundedNumeric numeric, int depth) => type.Structure switch
    {
        // Whatever is text there is so in the form of the output function.
        _ when duckDbType is "VARCHAR" or "JSON" => CanonicalForm.Output,
        DomainStructure domain => Of(domain.Base, duckDbType, numeric, depth),
        ArrayStructure array => ElementsOf(array, numeric, depth),
        CompositeStructure composite => AttributesOf(composite, numeric, depth),
        RangeStructure range => BoundsOf(range, numeric, depth),
        EnumStructure => CanonicalForm.Text,
        null => OfScalar(type.Oid, duckDbType),
        _ => null,
    };

    private static CanonicalForm? OfScalar(uint oid, string duckDbType) => duckDbType switch
    {
        "BOOLEAN" or "SMALLINT" or "INTEGER" or "BIGINT" or "UINTEGER" or "UBIGINT" => CanonicalForm.Text,
        "UUID" or "TIME" or "BIT" => CanonicalForm.Text,
        "BLOB" => CanonicalForm.Bytes,
        "DOUBLE" when oid == Numeric => CanonicalForm.NumericDouble,
        "FLOAT" or "DOUBLE" => CanonicalForm.Double,
        "DATE" => CanonicalForm.Days,
        "TIMESTAMP" or "TIMESTAMPTZ" => CanonicalForm.Micros,
        "TIMETZ" => CanonicalForm.TimeWithZone,
        "INTERVAL" => CanonicalForm.Interval,
        _ when duckDbType.StartsWith("DECIMAL(", StringComparison.Ordinal) && duckDbType.EndsWith(')') =>
            CanonicalForm.Number,
        _ => null,
    };

    private static CanonicalForm? Part(PostgresType type, UnboundedNumeric numeric, int depth) =>
        Of(type, CodecCatalog.Find(type, numeric).DuckDbType, numeric, depth + 1);

    /// <summary>How many elements each dimension has, and the elements in order.</summary>
    private static CanonicalForm? ElementsOf(ArrayStructure array, UnboundedNumeric numeric, int depth)
    {
        if (Part(array.Element, numeric, depth) is not { } element) return null;
        var dimensions = Enumerable.Range(1, array.Dimensions).ToList();
        return new CanonicalForm(
            v =>
            {
                var subscripts = dimensions.Select(d => $"i{depth}_{d}").ToList();
                var sources = dimensions.Select(d => $"generate_subscripts({v}, {d}) AS i{depth}_{d}");
                var lengths = dimensions.Select(d => $"coalesce(array_length({v}, {d}), 0)::text");
                var value = $"({v}){string.Concat(subscripts.Select(s => $"[{s}]"))}";
                return $"CASE WHEN ({v}) IS NOT NULL THEN {string.Join(" || 'x' || ", lengths)} || ':' || "
                    + $"coalesce((SELECT string_agg(coalesce({element.Postgres(value)}, '∅'), '¦' ORDER BY "
                    + $"{string.Join(", ", subscripts)}) FROM {string.Join(", ", sources)}), '') END";
            },
            v =>
            {
                var first = dimensions.Select(d => $"({v}){string.Concat(Enumerable.Repeat("[1]", d - 1))}");
                var lengths = string.Join(" || 'x' || ", first.Select(list => $"coalesce(len({list}), 0)"));
                var flat = dimensions.Skip(1).Aggregate(v, (list, _) => $"flatten({list})");
                return $"CASE WHEN ({v}) IS NOT NULL THEN {lengths} || ':' || coalesce(array_to_string("
                    + $"list_transform({flat}, lambda e{depth}: coalesce({element.DuckDb($"e{depth}")}, '∅')), '¦'), "
                    + "'') END";
            });
    }

    private static CanonicalForm? AttributesOf(CompositeStructure composite, UnboundedNumeric numeric, int depth)
    {
        var parts = composite.Attributes.Select(a => (a.Name, Form: Part(a.Type, numeric, depth))).ToList();
        return parts.Exists(p => p.Form is null) ? null : new CanonicalForm(
            v => $"CASE WHEN ({v}) IS DISTINCT FROM NULL THEN '(' || {string.Join(" || '¦' || ", parts.Select(
                p => $"coalesce({p.Form!.Postgres($"({v}).{TableName.Quote(p.Name)}")}, '∅')"))} || ')' END",
            v => $"CASE WHEN ({v}) IS NOT NULL THEN '(' || {string.Join(" || '¦' || ", parts.Select(
                p => $"coalesce({p.Form!.DuckDb($"({v})[{Literal(p.Name)}]")}, '∅')"))} || ')' END");
    }

    private static CanonicalForm? BoundsOf(RangeStructure range, UnboundedNumeric numeric, int depth) =>
        Part(range.Bound, numeric, depth) is not { } bound ? null : new CanonicalForm(
            v => $"CASE WHEN ({v}) IS NOT NULL THEN concat_ws(';', isempty({v}), lower_inc({v}), upper_inc({v}), "
                + $"coalesce({bound.Postgres($"lower({v})")}, '∅'), coalesce({bound.Postgres($"upper({v})")}, '∅')) "
                + "END",
            v => $"CASE WHEN ({v}) IS NOT NULL THEN concat_ws(';', {Flag(v, "empty")}, {Flag(v, "lower_inc")}, "
                + $"{Flag(v, "upper_inc")}, coalesce({bound.DuckDb($"({v})['lower']")}, '∅'), "
                + $"coalesce({bound.DuckDb($"({v})['upper']")}, '∅')) END");

    private static string Literal(string name) => $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Flag(string v, string name) => $"CASE WHEN ({v})['{name}'] THEN 't' ELSE 'f' END";
}
