using DuckDB.NET.Data;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// Up to which LSN rows of a table were fetched from the source one by one: until the position has passed it, some of
/// them are ahead of it, and their keys may be other rows' keys there.
/// </summary>
internal sealed class FetchStore(DuckDBConnection connection, string pipeline)
{
    /// <summary>Zero where none was fetched.</summary>
    public Lsn Read(uint oid) => connection.Scalar(
        "SELECT max(lsn) FROM etlps.fetches WHERE pipeline = $1 AND oid = $2", pipeline, oid) is ulong lsn
        ? new Lsn(lsn)
        : Lsn.Zero;

    public void Save(uint oid, Lsn lsn)
    {
        Delete(oid);
        connection.Execute("INSERT INTO etlps.fetches VALUES ($1, $2, $3)", pipeline, oid, lsn.Value);
    }

    public void Delete(uint oid) =>
        connection.Execute("DELETE FROM etlps.fetches WHERE pipeline = $1 AND oid = $2", pipeline, oid);
}
