using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// What a table's file and columns were when it was last found to be what was copied: a later look is compared with
/// that.
/// </summary>
internal static class TableSighting
{
    /// <summary>
    /// Whether both have one file and one entry in the publication, and nothing has altered their columns in between.
    /// </summary>
    public static bool IsOf(TableSchema before, TableSchema now) =>
        before.FileNode == now.FileNode
        && before.PublishedBy == now.PublishedBy
        && before.Columns.Select(c => c.AlteredBy).SequenceEqual(now.Columns.Select(c => c.AlteredBy));

    /// <summary>Stores what was seen; the caller's transaction.</summary>
    /// <param name="state">The destination.</param>
    /// <param name="table">The table as it is known there.</param>
    /// <param name="now">The table as the source has it, with the same columns.</param>
    /// <param name="horizon">Transactions before this one were over before it was looked at.</param>
    public static void Note(StateStore state, TableRecord table, TableSchema now, ulong horizon) =>
        state.UpsertTable(table with
    {
        FileNode = now.FileNode,
        Horizon = horizon,
        PublishedBy = now.PublishedBy,
        Schema = table.Schema with { Columns =
            [.. table.Columns.Zip(now.Columns, (c, seen) => c with { AlteredBy = seen.AlteredBy })] },
    });
}
