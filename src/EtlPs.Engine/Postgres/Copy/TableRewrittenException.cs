using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>
/// The table was rewritten, truncated, dropped or made since the snapshot, which therefore sees it empty or not at all,
/// or it does not have the columns that are to be copied: it must be looked at again and copied under a newer snapshot.
/// </summary>
internal sealed class TableRewrittenException(TableName table)
    : Exception($"{table} is not under the snapshot as it is now.")
{
    public TableName Table { get; } = table;
}
