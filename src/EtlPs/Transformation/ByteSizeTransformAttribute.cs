using System.Globalization;
using System.Management.Automation;

namespace EtlPs.Transformation;

/// <summary>
/// Takes a number of bytes, or a text with a unit: <c>'250MB'</c>. Units are PowerShell's, so that <c>250MB</c> and
/// <c>'250MB'</c> are the same number; <c>'250MiB'</c> is another way to write it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ByteSizeTransformAttribute : ArgumentTransformationAttribute
{
    private const string Units = "KMGT";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        Unwrapped.From(inputData) is string text ? Parse(text) : inputData;

    private static long Parse(string text)
    {
        var number = text.AsSpan().Trim();
        if (number.EndsWith("B", StringComparison.OrdinalIgnoreCase))
            number = number[..^1];
        if (number.EndsWith("i", StringComparison.OrdinalIgnoreCase))
            number = number[..^1];
        var unit = number.IsEmpty ? -1 : Units.IndexOf(char.ToUpperInvariant(number[^1]), StringComparison.Ordinal);
        if (unit >= 0)
            number = number[..^1];
        if (double.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture, out var value))
        {
            var bytes = value * Math.Pow(1024, unit + 1);
            if (bytes is >= 1 and < long.MaxValue)
                return (long)bytes;
        }
        throw new ArgumentTransformationMetadataException(
            $"'{text}' is no amount of memory. Give bytes, or a number with a unit: '250MB', '4GB'.");
    }
}
