namespace EtlPs.Engine.Sources;

/// <summary>How to reach a Postgres database. Holds the password; no text made of it does.</summary>
public sealed class SourceSettings
{
    private SourceSettings(string connectionString, string host, int port, string database, string? userName)
    {
        ConnectionString = connectionString;
        Host = host;
        Port = port;
        Database = database;
        UserName = userName;
    }

    /// <summary>Host name, address or socket folder.</summary>
    public string Host { get; }

    /// <summary>TCP port.</summary>
    public int Port { get; }

    /// <summary>Database name.</summary>
    public string Database { get; }

    /// <summary>Role name.</summary>
    public string? UserName { get; }

    /// <summary>With the password: never shown, logged or stored.</summary>
    internal string ConnectionString { get; }

    /// <summary>Reads a keyword connection string or a <c>postgres://</c> URI.</summary>
    /// <exception cref="Pipelines.Errors.EtlException">InvalidArgument: it can be neither.</exception>
    public static SourceSettings Parse(string text) => throw new NotImplementedException();

    /// <summary>Host, port, database and user, without secrets: <c>shop on db1:5432 as etl</c>.</summary>
    public override string ToString() => throw new NotImplementedException();
}
