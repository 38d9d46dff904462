namespace EtlPs.Testing.Postgres;

/// <summary>A running server that the environment names, to be used instead of a throw-away one.</summary>
internal static class ExternalServer
{
    public const string Variable = "ETLPS_TEST_POSTGRES";

    public static string? ConnectionString =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value ? value : null;
}
