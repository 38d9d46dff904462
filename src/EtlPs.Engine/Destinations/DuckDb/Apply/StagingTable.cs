using DuckDB.NET.Data;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>A temporary table of the run's connection that a batch's rows or keys pass through.</summary>
internal sealed class StagingTable
{
    private const string Catalog = "temp";
    private const string Schema = "main";

    private readonly DuckDBConnection _connection;
    private readonly string _name;

    /// <param name="name">Unique in the connection.</param>
    /// <param name="columns">Names and DuckDB types.</param>
    public StagingTable(DuckDBConnection connection, string name, IEnumerable<(string Name, string Type)> columns)
    {
        _connection = connection;
        _name = name;
        connection.Execute(
            $"CREATE OR REPLACE TEMP TABLE {TableName.Quote(name)} "
            + $"({string.Join(", ", columns.Select(c => $"{c.Name} {c.Type}"))})");
    }

    /// <summary>The name as SQL takes it.</summary>
    public string Quoted => $"{Catalog}.{Schema}.{TableName.Quote(_name)}";

    public RowAppender Append() => new(_connection, Catalog, Schema, _name);

    /// <summary>An appender for whole chunks.</summary>
    public TableAppender AppendWhole() => new(_connection, Catalog, Schema, _name);

    public void Clear() => _connection.Execute($"TRUNCATE {Quoted}");
}
