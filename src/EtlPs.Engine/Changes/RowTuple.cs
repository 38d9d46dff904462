namespace EtlPs.Engine.Changes;

/// <summary>A pgoutput TupleData and where its columns stand, until <see cref="Fields"/> reads another one.</summary>
internal readonly record struct RowTuple(ByteSlice Bytes, TupleFields Fields)
{
    public bool IsPresent => Bytes.IsPresent;

    public byte Kind(int column) => Fields.Kind(column);

    public ReadOnlySpan<byte> Value(int column) => Fields.Value(Bytes.Span, column);
}
