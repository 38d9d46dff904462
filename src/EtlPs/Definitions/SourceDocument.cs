using EtlPs.Model;

namespace EtlPs.Definitions;

/// <summary>A source as a file holds it: without any secret.</summary>
internal sealed record SourceDocument
{
    public required string Host { get; init; }

    public int Port { get; init; } = 5432;

    public required string Database { get; init; }

    public string? UserName { get; init; }

    /// <summary>Settings of the connection by Npgsql's keyword.</summary>
    public Dictionary<string, string>? Options { get; init; }

    public SecretReference? Secret { get; init; }

    internal bool IsComplete => Host is not null && Database is not null && Secret is null or { Name: not null }
        && (Options?.Values.All(static value => value is not null) ?? true);

    public static SourceDocument Of(EtlSource source, SecretReference? secret) => new()
    {
        Host = source.Host,
        Port = source.Port,
        Database = source.Database,
        UserName = source.UserName,
        Options = source.Settings.Options.Count == 0 ? null : new(source.Settings.Options),
        Secret = secret ?? source.Secret,
    };
}
