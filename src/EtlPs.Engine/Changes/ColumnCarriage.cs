namespace EtlPs.Engine.Changes;

/// <summary>How a column goes to the destination, as its pipeline was defined when the table was copied.</summary>
/// <param name="Numeric">How numerics are carried that DECIMAL has no type for.</param>
/// <param name="OnUnrepresentable">What becomes of values that the destination's type cannot hold.</param>
/// <param name="Name">The column's name there; null: as at the source.</param>
internal sealed record ColumnCarriage(
    UnboundedNumeric Numeric = default, OnUnrepresentable OnUnrepresentable = OnUnrepresentable.Error,
    string? Name = null)
{
    public static ColumnCarriage Default { get; } = new();
}
