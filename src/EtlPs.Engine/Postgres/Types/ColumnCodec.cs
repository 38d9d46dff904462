using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// How one Postgres type becomes one DuckDB type: exactly, or not at all. Immutable and shared by backfill and stream,
/// so that both bring a value the same way.
/// </summary>
internal abstract class ColumnCodec
{
    /// <summary>The DuckDB type, as in CREATE TABLE.</summary>
    public abstract string DuckDbType { get; }

    /// <summary>Whether it reads the type's binary form; if not, the column has to come as text.</summary>
    public virtual bool ReadsBinary => true;

    /// <summary>
    /// Whether DuckDB's type holds every value of the type, but for text that is no UTF-8; if not, a column can be had
    /// as text.
    /// </summary>
    public virtual bool HoldsEveryValue => true;

    /// <summary>
    /// Whether there are texts in its values, which of a database without an encoding may be any bytes.
    /// </summary>
    public virtual bool HoldsText => false;

    /// <summary>Reads what the type's send function wrote. The wire is pinned until the chunk is appended.</summary>
    /// <exception cref="UnrepresentableValueException">DuckDB cannot hold the value exactly.</exception>
    /// <exception cref="EtlException">The wire is no value of the type.</exception>
    public abstract void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row);

    /// <summary>
    /// Reads what the type's output function wrote, with DateStyle ISO, TimeZone UTC, bytea_output hex and
    /// extra_float_digits above 0. The wire is pinned until the chunk is appended.
    /// </summary>
    /// <exception cref="UnrepresentableValueException">DuckDB cannot hold the value exactly.</exception>
    /// <exception cref="EtlException">The wire is no value of the type.</exception>
    public abstract void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row);

    /// <summary>DuckDB's SQL for the text of a value that Postgres reads again as the same value.</summary>
    /// <param name="value">The value as SQL; not NULL.</param>
    public virtual string PostgresText(string value) => $"{value}::VARCHAR";

    /// <summary>Postgres's SQL for such a text.</summary>
    public virtual string PostgresLiteral(string text) => SqlLiteral.Of(text);

    /// <summary>Reads one column of many rows of a COPY BINARY block.</summary>
    public virtual void ReadFields(
        ReadOnlySpan<byte> block, ReadOnlySpan<CopyField> fields, ColumnVector vector, int firstRow)
    {
        for (var i = 0; i < fields.Length; i++)
        {
            var field = fields[i];
            if (field.IsNull)
                vector.SetNull(firstRow + i);
            else
                ReadBinary(block.Slice(field.Offset, field.Length), vector, firstRow + i);
        }
    }

    /// <summary>
    /// A value cannot be held: an exception, or a note where NULL takes its place. A million exceptions would take half
    /// a minute.
    /// </summary>
    /// <param name="vector">The column, or a part of it.</param>
    /// <param name="row">The value's row in it.</param>
    /// <param name="kind">The kind of value, never the value.</param>
    /// <exception cref="UnrepresentableValueException">NULL is not to take its place.</exception>
    protected static void Refuse(ColumnVector vector, int row, string kind)
    {
        if (vector.OnUnrepresentable != OnUnrepresentable.Null)
            throw new UnrepresentableValueException(kind);
        vector.SetNull(row);
        vector.Lose(kind);
    }

    /// <summary>The error for wire bytes that cannot be a value of this type.</summary>
    protected EtlException Malformed(string form) => new(
        EtlErrorCode.ProtocolViolation,
        $"The server sent a {form} value for a {DuckDbType} column that cannot be read as one.",
        "Check that the column's type was not changed meanwhile, then start again; "
        + "if it stays, report it as a defect.");
}
