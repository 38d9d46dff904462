using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// The statements that make, show and drop copied tables, inside the caller's transaction. Copies have no constraint,
/// key or index: the source has checked the rows already, and a unique index makes DELETE and INSERT of one key in one
/// transaction fail.
/// </summary>
internal static class TableDdl
{
    /// <summary>Creates a schema where it is missing.</summary>
    public static void CreateSchema(DuckDBConnection connection, string schema) =>
        connection.Execute($"CREATE SCHEMA IF NOT EXISTS {TableName.Quote(schema)}");

    /// <summary>Creates a table under its hidden name, and its schema; an older one of that name is dropped.</summary>
    /// <exception cref="EtlException">NameCollision.</exception>
    public static void CreateHiddenTable(DuckDBConnection connection, TableRecord table)
    {
        NameCollisions.CheckColumns(table.Schema);
        CreateSchema(connection, table.Destination.Schema);
        connection.Execute($"DROP TABLE IF EXISTS {table.HiddenName.Quoted}");
        connection.Execute(CreateStatement(table, table.HiddenName));
    }

    /// <summary>The statement that makes a table, under one of its names.</summary>
    public static string CreateStatement(TableRecord table, TableName name) =>
        $"CREATE TABLE {name.Quoted} ({ColumnList(table)})";

    /// <summary>Gives a hidden table its visible name, in place of its own earlier rows and of nothing else.</summary>
    /// <param name="connection">The destination.</param>
    /// <param name="table">As it is known until now: whether it has visible rows.</param>
    /// <exception cref="EtlException">DestinationTableExists.</exception>
    public static void Show(DuckDBConnection connection, TableRecord table)
    {
        if (table.HasVisibleRows) DropVisible(connection, table);
        try
        {
            connection.Execute(
                $"ALTER TABLE {table.HiddenName.Quoted} RENAME TO {TableName.Quote(table.Destination.Name)}");
        }
        catch (DuckDBException e) when (DuckDbErrors.IsNameTaken(e))
        {
            throw Taken(table);
        }
    }

    /// <summary>Drops a table under its hidden name, if it is there.</summary>
    public static void DropHidden(DuckDBConnection connection, TableRecord table) =>
        connection.Execute($"DROP TABLE IF EXISTS {table.HiddenName.Quoted}");

    /// <summary>Drops a table under its visible name, if it is there.</summary>
    public static void DropVisible(DuckDBConnection connection, TableRecord table) =>
        connection.Execute($"DROP TABLE IF EXISTS {table.Destination.Quoted}");

    /// <summary>
    /// Puts a table with the record's types, which hold every value that is in it, in the place of what is there.
    /// </summary>
    /// <remarks>
    /// A copy, since ALTER … SET DATA TYPE of an ENUM inside another type either fails or, by the type's name, leaves a
    /// write-ahead log that DuckDB cannot replay after a crash.
    /// </remarks>
    public static void ChangeTypes(DuckDBConnection connection, TableRecord table)
    {
        var copy = table.HiddenName with { Name = $"{table.HiddenName.Name}_types" };
        connection.Execute($"CREATE OR REPLACE TABLE {copy.Quoted} ({ColumnList(table)})");
        connection.Execute($"INSERT INTO {copy.Quoted} SELECT * FROM {table.CurrentName.Quoted}");
        connection.Execute($"DROP TABLE {table.CurrentName.Quoted}");
        connection.Execute($"ALTER TABLE {copy.Quoted} RENAME TO {TableName.Quote(table.CurrentName.Name)}");
    }

    /// <summary>Empties a table.</summary>
    public static void Truncate(DuckDBConnection connection, TableName table) =>
        connection.Execute($"DELETE FROM {table.Quoted}");

    /// <summary>
    /// Whether a table or view has that name, in whatever case it is written: to DuckDB they are one.
    /// </summary>
    public static bool Exists(DuckDBConnection connection, TableName table) =>
        ReadNames(connection).Any(name => NameCollisions.AreOne(name, table));

    /// <summary>The names of all tables and views.</summary>
    public static IReadOnlyList<TableName> ReadNames(DuckDBConnection connection)
    {
        using var command = connection.Command(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = current_database()");
        using var reader = command.ExecuteReader();
        var names = new List<TableName>();
        while (reader.Read()) names.Add(new TableName(reader.GetString(0), reader.GetString(1)));
        return names;
    }

    /// <summary>
    /// Whether a table has just these columns, of these types. Rows are appended by position and width, and nothing
    /// tells an appender that a column is another one by now.
    /// </summary>
    public static bool HasColumns(
        DuckDBConnection connection, TableName table, IReadOnlyList<ColumnSchema> columns, IEnumerable<string> types)
    {
        var wanted = string.Join(
            ", ", columns.Zip(types, (column, type) => $"NULL::{type} AS {TableName.Quote(column.DestinationName)}"));
        return Describe(connection, table.Quoted).SequenceEqual(Describe(connection, $"SELECT {wanted}"));
    }

    /// <summary>Names and types, as DuckDB itself writes them.</summary>
    private static List<(string Name, string Type)> Describe(DuckDBConnection connection, string relation)
    {
        using var command = connection.Command($"SELECT column_name, column_type FROM (DESCRIBE {relation})");
        using var reader = command.ExecuteReader();
        var columns = new List<(string Name, string Type)>();
        while (reader.Read()) columns.Add((reader.GetString(0), reader.GetString(1)));
        return columns;
    }

    private static EtlException Taken(TableRecord table) => new(
        EtlErrorCode.DestinationTableExists,
        $"The destination has a table {table.Destination} that is not of pipeline {table.Pipeline}'s copy of "
        + $"{table.Source}.",
        "Rename or drop it, and start again.")
    {
        Subject = table.Destination.ToString(),
    };

    private static string ColumnList(TableRecord table) => string.Join(
        ", ", table.Columns.Zip(
            table.DuckDbTypes, (column, type) => $"{TableName.Quote(column.DestinationName)} {type}"));
}
