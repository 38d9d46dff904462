namespace EtlPs.Engine.Tests.Types.Values;

/// <summary>Random values of some types as text that their input functions read.</summary>
internal interface IRandomValues
{
    /// <summary>A value; null: the type is another's.</summary>
    string? Of(string type);
}
