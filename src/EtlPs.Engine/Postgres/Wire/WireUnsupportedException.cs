namespace EtlPs.Engine.Postgres.Wire;

/// <summary>The server asks for what this transport does not speak: Npgsql opens the session in its place.</summary>
internal sealed class WireUnsupportedException(string what) : Exception(what);
