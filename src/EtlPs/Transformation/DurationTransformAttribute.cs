using System.Globalization;
using System.Management.Automation;

namespace EtlPs.Transformation;

/// <summary>
/// Takes a TimeSpan, its text, or a number of seconds (PowerShell itself would read a number as 100 ns ticks).
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationTransformAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Unwrapped.From(inputData);
        if (value is null or TimeSpan)
            return inputData;
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds)
            return TimeSpan.FromSeconds(seconds);
        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span))
            return span;
        throw new ArgumentTransformationMetadataException(
            $"'{text}' is no duration. Give seconds (90), or hours, minutes and seconds ('00:01:30').");
    }
}
