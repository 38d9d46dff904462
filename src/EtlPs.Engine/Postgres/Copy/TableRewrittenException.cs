using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>
/// The table was rewritten, truncated, dropped or made since the snapshot, which therefore sees it empty or not at all: it
/// must be copied under a newer snapshot.
/// </summary>
internal sealed class TableRewrittenException(TableName table)
    : Exception($"{table} was rewritten after the snapshot was taken.")
{
    public TableName Table { get; } = table;
}
