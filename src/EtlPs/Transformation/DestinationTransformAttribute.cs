using System.Management.Automation;
using EtlPs.Model;

namespace EtlPs.Transformation;

/// <summary>Takes a path where an <see cref="EtlDestination"/> is wanted; the cmdlet resolves it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DestinationTransformAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        Unwrapped.From(inputData) switch
        {
            string path => new EtlDestination(path) { IsUnresolved = true },
            FileInfo file => new EtlDestination(file.FullName),
            _ => inputData,
        };
}
