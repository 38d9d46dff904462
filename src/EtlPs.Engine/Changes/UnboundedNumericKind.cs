namespace EtlPs.Engine.Changes;

/// <summary>The kinds of column that a numeric of any number of digits can go to.</summary>
internal enum UnboundedNumericKind
{
    /// <summary>VARCHAR: nothing is lost.</summary>
    Text,

    /// <summary>DOUBLE.</summary>
    Double,

    /// <summary>DECIMAL(p,s).</summary>
    Decimal,
}
