using System.Globalization;
using System.Reflection;
using Npgsql;
using NpgsqlTypes;

namespace EtlPs.Engine.Sources;

/// <summary>
/// Npgsql's values as plain .NET ones, at any depth; what .NET has no value for becomes the text that Postgres would
/// write.
/// </summary>
internal static class SourceValue
{
    private static readonly MethodInfo RangeText =
        typeof(SourceValue).GetMethod(nameof(Range), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static object? ToClr(object? value) => value switch
    {
        null or DBNull => null,
        Array items when IsForeign(items.GetType()) => Items(items),
        _ when IsRange(value.GetType()) =>
            RangeText.MakeGenericMethod(value.GetType().GetGenericArguments()).Invoke(null, [value]),
        _ when IsForeign(value.GetType()) => Convert.ToString(value, CultureInfo.InvariantCulture),
        _ => value,
    };

    private static bool IsRange(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(NpgsqlRange<>);

    private static bool IsForeign(Type type) => type.Assembly == typeof(NpgsqlConnection).Assembly
        || (type.IsArray && (type.GetElementType() == typeof(object) || IsForeign(type.GetElementType()!)))
        || Array.Exists(type.GetGenericArguments(), IsForeign);

    /// <summary>The same shape.</summary>
    private static Array Items(Array items)
    {
        var lengths = Enumerable.Range(0, items.Rank).Select(items.GetLength).ToArray();
        var plain = Array.CreateInstance(typeof(object), lengths);
        var index = new int[lengths.Length];
        foreach (var item in items)
        {
            plain.SetValue(ToClr(item), index);
            for (var dimension = index.Length - 1; dimension >= 0
                && ++index[dimension] == lengths[dimension]; dimension--)
                index[dimension] = 0;
        }
        return plain;
    }

    private static string Range<T>(NpgsqlRange<T> range) => range.IsEmpty
        ? "empty"
        : (range.LowerBoundIsInclusive ? "[" : "(")
            + (range.LowerBoundInfinite ? "" : Bound(range.LowerBound)) + ","
            + (range.UpperBoundInfinite ? "" : Bound(range.UpperBound))
            + (range.UpperBoundIsInclusive ? "]" : ")");

    private static string Bound(object? value)
    {
        var text = value switch
        {
            DateTime time when time == DateTime.MaxValue => "infinity",
            DateTime time when time == DateTime.MinValue => "-infinity",
            DateTime time => time.ToString(
                time.Kind == DateTimeKind.Utc ? "yyyy-MM-dd HH:mm:ss.FFFFFF'+00'"
                : "yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture),
            DateOnly date when date == DateOnly.MaxValue => "infinity",
            DateOnly date when date == DateOnly.MinValue => "-infinity",
            DateOnly date => date.ToString("O", CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
        return text.Length > 0 && text.All(static c => char.IsLetterOrDigit(c) || c is '-' or '+' or '.' or ':')
            ? text
            : $"\"{Escaped(text)}\"";
    }

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\"\"", StringComparison.Ordinal);
}
