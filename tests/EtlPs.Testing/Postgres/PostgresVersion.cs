using System.Globalization;

namespace EtlPs.Testing.Postgres;

/// <summary>
/// The major version that the environment asks for, so that the same tests can be run on another one.
/// </summary>
public static class PostgresVersion
{
    /// <summary>A major version, 14 to 18.</summary>
    public const string Variable = "ETLPS_POSTGRES_VERSION";

    /// <summary>Null: none in particular.</summary>
    public static int? Wanted =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : null;
}
