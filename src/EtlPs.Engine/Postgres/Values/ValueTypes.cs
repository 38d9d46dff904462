using EtlPs.Engine.Postgres.Types;
using Npgsql;

namespace EtlPs.Engine.Postgres.Values;

/// <summary>
/// The way from a database's own types to those that have a value of .NET's: domains to their base, arrays to their
/// element.
/// </summary>
internal sealed class ValueTypes
{
    // The delimiter of all arrays but box's. vectors of the catalog look like arrays and are written another way.
    private const string Types = """
        WITH RECURSIVE bases AS (
            SELECT t.oid, t.typbasetype AS base FROM pg_catalog.pg_type AS t WHERE t.typtype = 'd'
            UNION ALL
            SELECT b.oid, t.typbasetype FROM bases AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.base
                WHERE t.typtype = 'd')
        SELECT b.oid, b.base, false FROM bases AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.base
            WHERE t.typtype <> 'd'
        UNION ALL
        SELECT t.oid, t.typelem, true FROM pg_catalog.pg_type AS t
        WHERE t.typoutput = 'pg_catalog.array_out'::pg_catalog.regproc AND t.typtype = 'b' AND t.typdelim = ','
        """;

    private readonly Dictionary<uint, uint> _bases;
    private readonly Dictionary<uint, uint> _elements;

    private ValueTypes(Dictionary<uint, uint> bases, Dictionary<uint, uint> elements)
    {
        _bases = bases;
        _elements = elements;
    }

    public static async Task<ValueTypes> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var types = await connection.ReadAsync(
            Types,
            r => (Oid: r.GetFieldValue<uint>(0), To: r.GetFieldValue<uint>(1), IsArray: r.GetBoolean(2)),
            cancellationToken).ConfigureAwait(false);
        return new ValueTypes(
            types.Where(t => !t.IsArray).ToDictionary(t => t.Oid, t => t.To),
            types.Where(t => t.IsArray).ToDictionary(t => t.Oid, t => t.To));
    }

    /// <summary>
    /// A value from its text. An array of one dimension that begins at 1 is an <c>object[]</c>; any other stays a text,
    /// for its shape would be lost.
    /// </summary>
    public object Read(ReadOnlySpan<byte> text, uint type)
    {
        var known = _bases.GetValueOrDefault(type, type);
        return _elements.TryGetValue(known, out var element) && TryReadArray(text, element, out var array)
            ? array
            : TextValue.Read(text, known);
    }

    private bool TryReadArray(ReadOnlySpan<byte> text, uint element, out object?[] array)
    {
        var items = new List<object?>();
        var walk = new ArrayText(text, (byte)',');
        var step = walk.MoveNext();
        if (step == ArrayTextStep.Open) step = walk.MoveNext();
        for (; step == ArrayTextStep.Element; step = walk.MoveNext())
            items.Add(walk.IsNull ? null : Read(walk.HasEscapes ? Unescape(walk.Element) : walk.Element, element));
        array = [.. items];
        return step == ArrayTextStep.Close;
    }

    private static byte[] Unescape(ReadOnlySpan<byte> escaped)
    {
        var bytes = new List<byte>(escaped.Length);
        for (var i = 0; i < escaped.Length; i++)
            bytes.Add(escaped[i] == (byte)'\\' ? escaped[++i] : escaped[i]);
        return [.. bytes];
    }
}
