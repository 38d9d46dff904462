namespace EtlPs.Engine.Changes;

/// <summary>DuckDB cannot hold a value exactly. The reason names the kind of value, never the value.</summary>
internal class UnrepresentableValueException(string reason) : Exception($"A value cannot be held: {reason}.")
{
    /// <summary>The kind of value: "NaN", "bytes that are no UTF-8".</summary>
    public string Reason { get; } = reason;

    /// <summary>
    /// Whether it is the value that is too much, so that NULL may stand for it where the user chose that; else it would
    /// be lost for a reason that has nothing to do with it.
    /// </summary>
    public virtual bool IsOfTheValue => true;
}
