namespace EtlPs.Testing.Postgres;

/// <summary>No Postgres binaries here, and none could be had.</summary>
public sealed class PostgresNotFoundException(string detail) : Exception(
    $"No Postgres server could be found ({detail}). Install Postgres 14 or later (Debian: apt-get install postgresql), "
    + "or put its bin folder on PATH, or install Node.js so that npm can fetch one, or set "
    + $"{ExternalServer.Variable} to the connection string of a superuser on a server with wal_level = logical.");
