using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>
/// Whether a copy that was cut off can go on with its missing ranges. Under a later snapshot a row that moved meanwhile
/// is copied twice or not at all, which the stream puts right when it replays all changes since the first snapshot by
/// key.
/// </summary>
/// <param name="connection">The destination.</param>
/// <param name="state">The same.</param>
/// <param name="snapshot">What the missing ranges would be copied under.</param>
/// <param name="position">Where the stream goes on: changes from here on are still to come.</param>
internal sealed class Resumption(DuckDBConnection connection, StateStore state, SnapshotSlot snapshot, Lsn position)
{
    /// <summary>What is in already; null: the table begins anew.</summary>
    /// <param name="now">The table as it was surveyed.</param>
    /// <param name="table">The table under the snapshot.</param>
    /// <param name="begunUnderSnapshot">Whether all that is in was copied under the very same snapshot.</param>
    public IReadOnlyList<RangeRecord>? Find(TableRecord now, TableSnapshot table, bool begunUnderSnapshot)
    {
        if (state.FindTable(now.Oid) is not { State: TableState.Copying } known) return null;
        var ranges = state.ReadRanges(now.Oid);
        var goesOn = ranges.Count > 0
            && (begunUnderSnapshot || (HadItsKey(known, table) && CanReplay(now.Schema, ranges)))
            && AreSame(known, now)
            && HasSameFiles(known, table, ranges)
            && TableDdl.Exists(connection, known.HiddenName)
            && TableDdl.HasColumns(connection, known.HiddenName, known.Columns, known.DuckDbTypes);
        return goesOn ? ranges : null;
    }

    // An index that was there under the first snapshot and is there under this one was there all the time. A key that
    // was dropped and made again may have had rows in between that it did not tell apart, which under FULL, and under
    // an identity that was FULL for as long, come and go by changes that nothing in the stream tells from those of one
    // row.
    private static bool HadItsKey(TableRecord known, TableSnapshot table) =>
        known.KeyIndex != 0 && known.KeyIndex == table.KeyIndex;

    private bool CanReplay(TableSchema table, IReadOnlyList<RangeRecord> ranges) =>
        snapshot.ConsistentPoint.IsKnown
        && table is { KeyColumns.Count: > 0, Identity: not ReplicaIdentity.Nothing }
        && ranges.All(r => r.CopiedAt.IsKnown && r.CopiedAt >= position && r.CopiedAt <= snapshot.ConsistentPoint);

    private static bool AreSame(TableRecord known, TableRecord now) =>
        known.Source == now.Source
        && known.Schema.Kind == now.Schema.Kind
        && known.Schema.Identity == now.Schema.Identity
        && known.Schema.RowFilter == now.Schema.RowFilter
        && Columns(known) == Columns(now);

    // What altered a column and left the table's file as it was changed no row.
    private static string Columns(TableRecord table) => StoredColumn.Write(
        table.Schema with { Columns = [.. table.Columns.Select(c => c with { AlteredBy = 0 })] }, table.DuckDbTypes);

    /// <summary>
    /// A rewrite gives a table another file, where block numbers mean other rows; so does a truncation.
    /// </summary>
    private bool HasSameFiles(TableRecord known, TableSnapshot table, IReadOnlyList<RangeRecord> ranges)
    {
        if (known.FileNode != table.FileNode) return false;
        var files = table.Heaps.ToDictionary(h => h.Oid, h => h.FileNode);
        if (!ranges.All(r => files.TryGetValue(r.Heap, out var file) && file == r.FileNode)) return false;
        return known.Schema.Kind != 'p' || state.Partitions.Read(known.Oid)
            .Select(p => (p.Oid, p.AttachedBy, p.FileNode))
            .Order()
            .SequenceEqual(table.Tree.Partitions.Select(p => (p.Oid, p.AttachedBy, (uint?)p.FileNode)).Order());
    }
}
