using DuckDB.NET.Data;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>What becomes of the tables that workers copy.</summary>
internal interface ICopyRound
{
    /// <summary>Opens a table for all workers.</summary>
    OpenedTable Open(TableCopy table, TableSnapshot opened, DuckDBConnection connection);

    /// <summary>Ends a table, whose ranges are all in or which has failed.</summary>
    void End(TableCopy table, DuckDBConnection connection);
}
