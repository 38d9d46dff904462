using System.Buffers.Binary;
using System.Text;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>A row's key in words, for an error that must name the row: <c>id=42</c>.</summary>
internal static class KeyDescription
{
    // What a value may take of an error's message.
    private const int Longest = 40;

    public static string Of(TableSchema table, ReadOnlySpan<byte> tuple, TupleFields fields)
    {
        var text = new StringBuilder();
        foreach (var column in table.KeyColumns)
        {
            if (text.Length > 0) text.Append(", ");
            text.Append(table.Columns[column].Name).Append('=');
            text.Append(Value(fields.Kind(column), table.Columns[column].Type.Oid, fields.Value(tuple, column)));
        }
        return text.ToString();
    }

    public static string Value(byte kind, uint typeOid, ReadOnlySpan<byte> value) =>
        (kind, typeOid, value.Length) switch
    {
        (TupleFields.Null, _, _) => "NULL",
        (TupleFields.Text, _, _) => Shorten(value),
        (_, 21, 2) =>
            BinaryPrimitives.ReadInt16BigEndian(value).ToString(System.Globalization.CultureInfo.InvariantCulture),
        (_, 23, 4) =>
            BinaryPrimitives.ReadInt32BigEndian(value).ToString(System.Globalization.CultureInfo.InvariantCulture),
        (_, 20, 8) =>
            BinaryPrimitives.ReadInt64BigEndian(value).ToString(System.Globalization.CultureInfo.InvariantCulture),
        (_, 2950, 16) => new Guid(value, bigEndian: true).ToString(),
        (_, 25 or 1042 or 1043, _) => Shorten(value),
        _ => "0x" + Convert.ToHexString(value[..Math.Min(value.Length, Longest / 2)]),
    };

    private static string Shorten(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.UTF8.GetString(utf8);
        return text.Length <= Longest ? $"'{text}'" : $"'{text[..Longest]}…'";
    }
}
