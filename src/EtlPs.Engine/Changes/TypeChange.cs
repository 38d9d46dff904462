namespace EtlPs.Engine.Changes;

/// <summary>What has become of a type that is still of the same oid.</summary>
internal enum TypeChange
{
    /// <summary>Nothing that changes what its values say.</summary>
    None,

    /// <summary>An enum in it has more labels: all values are what they were.</summary>
    MoreLabels,

    /// <summary>Values that were copied, or that are still to come, say something else.</summary>
    Other,
}
