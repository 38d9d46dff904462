namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>
/// An INSERT, UPDATE or DELETE: where its tuples are. Both tuples have been walked once, so that reading them again
/// with a <see cref="TupleReader"/> cannot run past the message.
/// </summary>
internal readonly ref struct RowMessage
{
    private RowMessage(
        PgOutputKind kind, uint relationId, OldTuple oldKind, ReadOnlySpan<byte> old, ReadOnlySpan<byte> @new)
    {
        Kind = kind;
        RelationId = relationId;
        OldKind = oldKind;
        Old = old;
        New = @new;
    }

    public PgOutputKind Kind { get; }

    public uint RelationId { get; }

    public OldTuple OldKind { get; }

    /// <summary>The old tuple's data from its column count on; empty where there is none.</summary>
    public ReadOnlySpan<byte> Old { get; }

    /// <summary>The new tuple's data from its column count on; empty for a DELETE.</summary>
    public ReadOnlySpan<byte> New { get; }

    public static RowMessage Read(ReadOnlySpan<byte> message)
    {
        var reader = PgOutputReader.Open(message);
        var kind = (PgOutputKind)reader.ReadByte();
        if (kind is not (PgOutputKind.Insert or PgOutputKind.Update or PgOutputKind.Delete))
            throw PgOutputReader.Violation("a message is no row change");
        var relationId = reader.ReadUInt32();
        var oldKind = OldTuple.None;
        var old = ReadOnlySpan<byte>.Empty;
        var @new = ReadOnlySpan<byte>.Empty;

        var tag = reader.ReadByte();
        if (tag is (byte)OldTuple.Key or (byte)OldTuple.Full && kind != PgOutputKind.Insert)
        {
            oldKind = (OldTuple)tag;
            old = TakeTuple(message, ref reader);
            tag = kind == PgOutputKind.Update ? reader.ReadByte() : default;
        }
        else if (kind == PgOutputKind.Delete)
        {
            throw PgOutputReader.Violation("a DELETE has no old row");
        }

        if (kind != PgOutputKind.Delete)
        {
            if (tag != (byte)'N')
                throw PgOutputReader.Violation("a row change has no new row");
            @new = TakeTuple(message, ref reader);
        }

        reader.RequireEnd();
        return new RowMessage(kind, relationId, oldKind, old, @new);
    }

    private static ReadOnlySpan<byte> TakeTuple(ReadOnlySpan<byte> message, scoped ref PgOutputReader reader)
    {
        var start = reader.Position;
        var count = reader.ReadInt16();
        if (count < 0)
            throw PgOutputReader.Violation("a row has a negative number of columns");
        for (var i = 0; i < count; i++)
        {
            switch ((TupleField)reader.ReadByte())
            {
                case TupleField.Null or TupleField.Unchanged:
                    break;
                case TupleField.Text or TupleField.Binary:
                    reader.Take(reader.ReadInt32());
                    break;
                default:
                    throw PgOutputReader.Violation("a column is of an unknown kind");
            }
        }

        return message[start..reader.Position];
    }
}
