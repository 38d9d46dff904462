namespace EtlPs.Engine.Postgres.Copy;

/// <summary>Where a field's bytes are in a COPY block; the length of NULL is -1, as on the wire.</summary>
internal readonly record struct CopyField(int Offset, int Length)
{
    public bool IsNull => Length < 0;
}
