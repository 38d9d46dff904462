using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>
/// An INSERT, UPDATE or DELETE. Its tuples are walked once, here; whoever takes them has their columns already.
/// </summary>
/// <param name="Kind">Which of the three.</param>
/// <param name="OldKind">What <paramref name="Old"/> tells.</param>
/// <param name="Old">The old row, or its key; not present where nothing was sent of it.</param>
/// <param name="New">The new row; not present for a DELETE.</param>
internal readonly record struct RowMessage(PgOutputKind Kind, OldTuple OldKind, RowTuple Old, RowTuple New)
{
    /// <param name="message">The whole message.</param>
    /// <param name="oldFields">Takes the columns of the old row.</param>
    /// <param name="newFields">Takes the columns of the new row.</param>
    public static RowMessage Read(ByteSlice message, TupleFields oldFields, TupleFields newFields)
    {
        var reader = PgOutputReader.Open(message.Span);
        var kind = (PgOutputKind)reader.ReadByte();
        if (kind is not (PgOutputKind.Insert or PgOutputKind.Update or PgOutputKind.Delete))
            throw PgOutputReader.Violation("a message is no row change");
        // The relation's id has brought the message here.
        reader.Take(sizeof(uint));
        var oldKind = OldTuple.None;
        var old = default(RowTuple);
        var @new = default(RowTuple);

        var tag = reader.ReadByte();
        if (tag is (byte)OldTuple.Key or (byte)OldTuple.Full && kind != PgOutputKind.Insert)
        {
            oldKind = (OldTuple)tag;
            old = TakeTuple(message, oldFields, ref reader);
            tag = kind == PgOutputKind.Update ? reader.ReadByte() : default;
        }
        else if (kind == PgOutputKind.Delete)
        {
            throw PgOutputReader.Violation("a DELETE has no old row");
        }

        if (kind != PgOutputKind.Delete)
        {
            if (tag != (byte)'N') throw PgOutputReader.Violation("a row change has no new row");
            @new = TakeTuple(message, newFields, ref reader);
        }

        reader.RequireEnd();
        return new RowMessage(kind, oldKind, old, @new);
    }

    private static RowTuple TakeTuple(ByteSlice message, TupleFields fields, ref PgOutputReader reader)
    {
        var rest = message.Slice(reader.Position, reader.Remaining);
        fields.Read(rest.Span);
        reader.Take(fields.TupleLength);
        return new RowTuple(rest.Slice(0, fields.TupleLength), fields);
    }
}
