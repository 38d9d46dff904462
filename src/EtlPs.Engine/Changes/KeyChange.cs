namespace EtlPs.Engine.Changes;

/// <summary>What a batch has done to one key so far.</summary>
internal struct KeyChange(KeyBytes key)
{
    public readonly KeyBytes Key = key;

    /// <summary>The destination's row of this key goes.</summary>
    public bool Deletes;

    /// <summary>The row that has this key now; <see cref="RowImage.None"/>: there is none.</summary>
    public int Image = RowImage.None;
}
