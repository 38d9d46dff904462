using System.Management.Automation;
using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Transformation;

/// <summary>The path of a destination, absolute by the session's location; a database in memory has none.</summary>
internal static class DestinationPath
{
    public static string Resolve(SessionState session, string path) => path == DuckDbSettings.InMemory
        ? path
        : FilePath.Resolve(session, path, "Give the path of a DuckDB file, or ':memory:'.");
}
