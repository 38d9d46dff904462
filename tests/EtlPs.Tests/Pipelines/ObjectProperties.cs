using System.Management.Automation;

namespace EtlPs.Tests.Pipelines;

/// <summary>Reads the properties of objects whose types the tests do not know.</summary>
internal static class ObjectProperties
{
    public static string? Text(this PSObject value, string property) => value.Properties[property].Value?.ToString();

    public static PSObject AsObject(this object value) => PSObject.AsPSObject(value);

    public static PSObject? Bag(this PSObject change, string property) => (PSObject?)change.Properties[property].Value;
}
