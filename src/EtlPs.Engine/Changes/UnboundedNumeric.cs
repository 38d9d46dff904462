using System.Globalization;
using System.Text.RegularExpressions;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Changes;

/// <summary>
/// How a numeric is carried whose column has no precision, or more digits than DuckDB's DECIMAL: as text by default,
/// which holds every value as Postgres writes it.
/// </summary>
public readonly partial record struct UnboundedNumeric
{
    private const int MaxPrecision = 38;

    private UnboundedNumeric(UnboundedNumericKind kind, int precision = 0, int scale = 0)
    {
        Kind = kind;
        Precision = precision;
        Scale = scale;
    }

    /// <summary>VARCHAR, as numeric's output function writes it: scale, NaN and infinities kept.</summary>
    public static UnboundedNumeric Text => default;

    /// <summary>DOUBLE: values that it does not give back as they were are not representable.</summary>
    internal static UnboundedNumeric Double => new(UnboundedNumericKind.Double);

    /// <summary>Text, Double or Decimal.</summary>
    internal UnboundedNumericKind Kind { get; }

    /// <summary>All digits of a Decimal, 1 to 38; else 0.</summary>
    internal int Precision { get; }

    /// <summary>Those behind the point, 0 to the precision.</summary>
    internal int Scale { get; }

    /// <summary>Whether values with too many digits are rounded, where the reader keeps account of it.</summary>
    internal bool IsRounded { get; init; }

    /// <summary>DECIMAL(p,s): values with more digits on either side of the point are not representable.</summary>
    /// <exception cref="EtlException">InvalidArgument: DuckDB has no such type.</exception>
    internal static UnboundedNumeric Decimal(int precision, int scale) =>
        precision is >= 1 and <= MaxPrecision && scale >= 0 && scale <= precision
            ? new UnboundedNumeric(UnboundedNumericKind.Decimal, precision, scale)
            : throw Invalid(string.Create(CultureInfo.InvariantCulture, $"Decimal({precision},{scale})"));

    /// <summary>Reads <c>Text</c>, <c>Double</c> or <c>Decimal(p,s)</c>, in any case.</summary>
    /// <exception cref="EtlException">InvalidArgument: it is none of them.</exception>
    public static UnboundedNumeric Parse(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Equals(nameof(Text), StringComparison.OrdinalIgnoreCase)) return Text;
        if (trimmed.Equals(nameof(Double), StringComparison.OrdinalIgnoreCase)) return Double;
        return DecimalText().Match(trimmed) is { Success: true } match
            ? Decimal(
                int.Parse(match.Groups["p"].ValueSpan, CultureInfo.InvariantCulture),
                match.Groups["s"].Success ? int.Parse(match.Groups["s"].ValueSpan, CultureInfo.InvariantCulture) : 0)
            : throw Invalid(text);
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => Kind == UnboundedNumericKind.Decimal
        ? string.Create(CultureInfo.InvariantCulture, $"Decimal({Precision},{Scale})")
        : Kind.ToString();

    private static EtlException Invalid(string text) => new(
        EtlErrorCode.InvalidArgument,
        $"'{text}' is no way to carry a numeric.",
        "Use Text, Double, or Decimal(p,s) with a precision of 1 to 38 and a scale of 0 to the precision.");

    [GeneratedRegex(@"^decimal\s*\(\s*(?<p>[0-9]{1,4})\s*(,\s*(?<s>[0-9]{1,4})\s*)?\)$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex DecimalText();
}
