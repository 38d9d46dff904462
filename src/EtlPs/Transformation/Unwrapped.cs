using System.Management.Automation;

namespace EtlPs.Transformation;

/// <summary>An argument without PowerShell's wrapping.</summary>
internal static class Unwrapped
{
    public static object? From(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
