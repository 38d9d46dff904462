using System.Text.Json;
using System.Text.Json.Serialization;

namespace EtlPs.Definitions;

/// <summary>A pipeline as a file holds it.</summary>
internal sealed record PipelineDocument
{
    public required string Name { get; init; }

    public required SourceDocument Source { get; init; }

    public required DestinationDocument Destination { get; init; }

    internal bool IsComplete => Name is not null && Source is { IsComplete: true } && Destination is { Path: not null };

    /// <summary>All else: New-EtlPipeline's parameters, see <see cref="PipelineParameters"/>.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Parameters { get; init; } = [];
}
