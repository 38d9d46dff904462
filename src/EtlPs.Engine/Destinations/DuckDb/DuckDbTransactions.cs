using DuckDB.NET.Data;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Explicit transactions: everything that is stored is stored in one.</summary>
internal static class DuckDbTransactions
{
    /// <summary>Runs statements as one transaction: all of them, or nothing.</summary>
    public static void InTransaction(this DuckDBConnection connection, Action statements)
    {
        connection.Begin();
        try
        {
            statements();
            connection.Commit();
        }
        catch
        {
            connection.RollBack();
            throw;
        }
    }

    public static void Begin(this DuckDBConnection connection) => connection.Execute("BEGIN TRANSACTION");

    public static void Commit(this DuckDBConnection connection) => connection.Execute("COMMIT");

    /// <summary>Undoes what is not committed, where DuckDB has not done so itself after an error.</summary>
    public static void RollBack(this DuckDBConnection connection)
    {
        try
        {
            connection.Execute("ROLLBACK");
        }
        catch (DuckDBException)
        {
            // There is no transaction any more, which is what was wanted.
        }
    }
}
