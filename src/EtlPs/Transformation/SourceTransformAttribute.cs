using System.Management.Automation;
using EtlPs.Engine.Sources;
using EtlPs.Model;

namespace EtlPs.Transformation;

/// <summary>
/// Takes a connection string or a URI where an <see cref="EtlSource"/> is wanted. It is read by the cmdlet, not here: a
/// binder's error has PowerShell's id, not ours.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SourceTransformAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        Unwrapped.From(inputData) switch
        {
            string text => new EtlSource(() => SourceSettings.Parse(text)),
            Uri uri => new EtlSource(() => SourceSettings.Parse(uri.OriginalString)),
            _ => inputData,
        };
}
