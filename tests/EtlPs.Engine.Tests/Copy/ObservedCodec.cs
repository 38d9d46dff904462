using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Tests.Copy;

/// <summary>A codec that tells a test which row each value is read into.</summary>
internal sealed class ObservedCodec(ColumnCodec codec) : ColumnCodec
{
    public required Action<int> OnRead { get; init; }

    public override string DuckDbType => codec.DuckDbType;

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row)
    {
        OnRead(row);
        codec.ReadBinary(wire, vector, row);
    }

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) =>
        codec.ReadText(wire, vector, row);
}
