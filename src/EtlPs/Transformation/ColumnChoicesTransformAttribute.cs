using System.Collections;
using System.Management.Automation;

namespace EtlPs.Transformation;

/// <summary>
/// Takes one choice for all columns where a hashtable of choices by column is wanted: <c>Null</c> is <c>@{ '*' = 'Null'
/// }</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ColumnChoicesTransformAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        Unwrapped.From(inputData) is null or IDictionary ? inputData : new Hashtable { ["*"] = inputData };
}
