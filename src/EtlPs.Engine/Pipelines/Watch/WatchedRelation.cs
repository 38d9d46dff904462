using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Replication.PgOutput;
using EtlPs.Engine.Postgres.Values;

namespace EtlPs.Engine.Pipelines.Watch;

/// <summary>A table as a RELATION message announced it, and its rows as plain values.</summary>
internal sealed class WatchedRelation(RelationMessage announced, ValueTypes types)
{
    private readonly IReadOnlyList<RelationColumn> _columns = announced.Columns;
    private readonly TupleFields _oldFields = new(announced.Columns.Count);
    private readonly TupleFields _newFields = new(announced.Columns.Count);

    public TableName Name => announced.Name;

    /// <summary>Reads an Insert, Update or Delete message of a transaction.</summary>
    public SourceChange Read(ByteSlice message, BeginMessage transaction)
    {
        var row = RowMessage.Read(message, _oldFields, _newFields);
        var isUpdate = row.Kind == PgOutputKind.Update;
        return new SourceChange(
            Name,
            row.Kind switch
            {
                PgOutputKind.Insert => ChangeKind.Insert,
                PgOutputKind.Update => ChangeKind.Update,
                _ => ChangeKind.Delete,
            },
            row.Old.IsPresent ? Old(row) : null,
            row.New.IsPresent ? New(row) : null,
            isUpdate ? Names(column => MayHaveChanged(row, column)) : [],
            !isUpdate || row.OldKind == OldTuple.Full,
            row.New.IsPresent ? Names(column => IsUnsent(row, column)) : [],
            transaction.FinalLsn,
            transaction.CommitTime,
            transaction.Xid)
        {
            Bytes = message.Length,
        };
    }

    private SourceRow Old(RowMessage row) =>
        // Of a key alone the other columns come as NULL, which they are not.
        Row(column => row.OldKind == OldTuple.Full || _columns[column].IsKey, _ => row.Old);

    private SourceRow New(RowMessage row) =>
        Row(column => !IsUnsent(row, column), column => IsKept(row, column) ? row.Old : row.New);

    private SourceRow Row(Func<int, bool> isSent, Func<int, RowTuple> tuple)
    {
        var columns = Enumerable.Range(0, _columns.Count).Where(isSent).ToList();
        return new SourceRow(
            [.. columns.Select(column => _columns[column].Name)],
                [.. columns.Select(column => Value(tuple(column), column))]);
    }

    private object? Value(RowTuple tuple, int column) => tuple.Kind(column) switch
    {
        TupleFields.Null => null,
        TupleFields.Text => types.Read(tuple.Value(column), _columns[column].TypeOid),
        _ => throw PgOutputReader.Violation("a value came in another form than was asked for"),
    };

    private bool MayHaveChanged(RowMessage row, int column) =>
        !IsKept(row, column) && (IsOldKnown(row, column)
            ? row.New.Kind(column) != row.Old.Kind(column)
            || !row.New.Value(column).SequenceEqual(row.Old.Value(column))
            : !_columns[column].IsKey);

    /// <summary>
    /// An unchanged large value is in the new row where the whole old one, or a key that holds it, has it.
    /// </summary>
    private bool IsUnsent(RowMessage row, int column) => IsKept(row, column) && !IsOldKnown(row, column);

    private static bool IsKept(RowMessage row, int column) => row.New.Kind(column) == TupleFields.Unchanged;

    private bool IsOldKnown(RowMessage row, int column) =>
        row.OldKind == OldTuple.Full || (row.OldKind == OldTuple.Key && _columns[column].IsKey);

    private List<string> Names(Func<int, bool> which) =>
        [.. Enumerable.Range(0, _columns.Count).Where(which).Select(column => _columns[column].Name)];
}
