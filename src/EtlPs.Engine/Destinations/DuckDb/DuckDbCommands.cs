using DuckDB.NET.Data;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Short forms for statements with positional parameters ($1, $2 …).</summary>
internal static class DuckDbCommands
{
    /// <summary>Runs a statement; returns the rows changed.</summary>
    public static int Execute(this DuckDBConnection connection, string sql, params object?[] values)
    {
        using var command = connection.Command(sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first value of the first row; null for SQL NULL and for no row.</summary>
    public static object? Scalar(this DuckDBConnection connection, string sql, params object?[] values)
    {
        using var command = connection.Command(sql, values);
        return command.ExecuteScalar() is { } value and not DBNull ? value : null;
    }

    /// <summary>A command with its parameters, for the caller to run and dispose.</summary>
    public static DuckDBCommand Command(this DuckDBConnection connection, string sql, params object?[] values)
    {
        var command = new DuckDBCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new DuckDBParameter(value ?? DBNull.Value));
        return command;
    }
}
