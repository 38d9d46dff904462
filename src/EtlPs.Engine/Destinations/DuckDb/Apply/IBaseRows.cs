using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>
/// Where rows come from that an update builds on and the destination does not have: tables that began empty know only
/// what has changed since.
/// </summary>
internal interface IBaseRows
{
    /// <summary>
    /// Appends the source's rows of these keys, as they are now: whatever is newer than the change that asks for them
    /// comes in the stream once more. Keys that are gone are left out.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="keys">For each row the key columns' values as text that Postgres reads.</param>
    /// <param name="target">Takes the rows, all columns of the table.</param>
    /// <param name="losses">Takes note of what NULL is written in place of.</param>
    /// <returns>An LSN that the source had reached: what the rows hold was committed below it.</returns>
    Lsn Fetch(TableSchema table, IReadOnlyList<string[]> keys, TableAppender target, ICopyLosses losses);
}
