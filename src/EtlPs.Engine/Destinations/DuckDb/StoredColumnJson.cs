using System.Text.Json.Serialization;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Generated reading and writing of <see cref="StoredColumn"/>, without reflection.</summary>
[JsonSourceGenerationOptions(
    // A composite takes four levels, and may hold another one.
    MaxDepth = 4096,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(StoredColumn[]))]
internal sealed partial class StoredColumnJson : JsonSerializerContext;
