namespace EtlPs.Engine.Changes;

/// <summary>DuckDB cannot hold a value exactly. The reason names the kind of value, never the value.</summary>
internal class UnrepresentableValueException(string reason) : Exception($"A value cannot be held: {reason}.")
{
    /// <summary>The kind of value: "NaN", "bytes that are no UTF-8".</summary>
    public string Reason { get; } = reason;
}
