using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// A column that comes as text whatever the format, because it cannot be sent in binary or not read: COPY selects it as
/// text, and a stream must not be binary.
/// </summary>
internal sealed class TextColumnCodec(ColumnCodec codec) : ColumnCodec
{
    public override string DuckDbType => codec.DuckDbType;

    public override bool HoldsEveryValue => codec.HoldsEveryValue;

    public override bool HoldsText => codec.HoldsText;

    public override bool ReadsBinary => false;

    public override string PostgresText(string value) => codec.PostgresText(value);

    public override string PostgresLiteral(string text) => codec.PostgresLiteral(text);

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row) => throw new EtlException(
        EtlErrorCode.UnsupportedType,
        $"A value for a {DuckDbType} column came in a binary form that is not read.",
        "Start the stream again: it then asks for text.");

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) =>
        codec.ReadText(wire, vector, row);

    public override void ReadFields(
        ReadOnlySpan<byte> block, ReadOnlySpan<CopyField> fields, ColumnVector vector, int firstRow)
    {
        for (var i = 0; i < fields.Length; i++)
        {
            var field = fields[i];
            if (field.IsNull)
                vector.SetNull(firstRow + i);
            else
                codec.ReadText(block.Slice(field.Offset, field.Length), vector, firstRow + i);
        }
    }
}
