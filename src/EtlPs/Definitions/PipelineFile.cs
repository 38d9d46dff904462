using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using EtlPs.Errors;

namespace EtlPs.Definitions;

/// <summary>A file of pipeline definitions, in JSON; EtlPs.Pipeline.schema.json describes it.</summary>
internal sealed record PipelineFile
{
    /// <summary>The schema's name, and with it the format's version.</summary>
    public const string Schema = "urn:etlps:pipeline:1";

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
        // Read by people, and by no browser: quotes around table names stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [JsonPropertyName("$schema")]
    public required string SchemaName { get; init; }

    public required IReadOnlyList<PipelineDocument> Pipelines { get; init; }

    // A required property may be null all the same.
    private bool IsComplete => Pipelines?.All(static pipeline => pipeline is { IsComplete: true }) ?? false;

    /// <summary>Reads one.</summary>
    /// <exception cref="EtlPsException">InvalidArgument: it is none, or cannot be read.</exception>
    public static PipelineFile Load(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var file = JsonSerializer.Deserialize<PipelineFile>(stream, Format);
            if (file?.SchemaName != Schema)
                throw Invalid(path, $"its $schema is not {Schema}");
            return file.IsComplete ? file : throw Invalid(path, "it has null where something is required");
        }
        catch (JsonException e)
        {
            // Its message quotes the text.
            throw Invalid(path, $"line {e.LineNumber + 1}, at {e.Path ?? "$"}, is not as it should be");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw EtlErrors.InvalidArgument(
                $"'{path}' cannot be read ({e.GetType().Name}).", "Check the path, and who may read it.");
        }
    }

    /// <summary>Writes it, whole or not at all.</summary>
    public void Save(string path)
    {
        var unfinished = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllText(unfinished, JsonSerializer.Serialize(this, Format) + "\n");
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(unfinished))
                File.Delete(unfinished);
            throw EtlErrors.InvalidArgument(
                $"'{path}' cannot be written ({e.GetType().Name}).", "Check the path, and who may write there.");
        }
    }

    private static EtlPsException Invalid(string path, string what) => EtlErrors.InvalidArgument(
        $"'{path}' is no file of pipelines: {what}.",
        "Write it with Export-EtlPipeline, or check it with Test-Json and EtlPs.Pipeline.schema.json. It holds no "
        + "password.");
}
