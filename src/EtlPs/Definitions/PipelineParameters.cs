using System.Collections;
using System.Text.Json;
using EtlPs.Engine.Pipelines;
using EtlPs.Errors;

namespace EtlPs.Definitions;

/// <summary>
/// The parameters of New-EtlPipeline that a file holds, under their names: texts, switches, lists of texts, and tables
/// of texts. The one place to add a new one, beside the schema.
/// </summary>
internal static class PipelineParameters
{
    private static readonly JsonNamingPolicy Naming = JsonNamingPolicy.CamelCase;

    /// <summary>Those that a definition has a value for.</summary>
    public static Dictionary<string, JsonElement> Write(PipelineDefinition definition) =>
        Of(definition)
            .Where(parameter => parameter.Value is not (null or IReadOnlyCollection<string> { Count: 0 }))
            .ToDictionary(
                parameter => Naming.ConvertName(parameter.Name),
                parameter => JsonSerializer.SerializeToElement(parameter.Value));

    /// <summary>The same as arguments.</summary>
    /// <exception cref="EtlPsException">InvalidArgument: there is no such parameter, or it has no such
    /// value.</exception>
    public static Dictionary<string, object> Read(PipelineDocument document)
    {
        var known = Of(null).ToDictionary(parameter => Naming.ConvertName(parameter.Name), parameter => parameter.Name);
        return document.Parameters.ToDictionary(
            parameter => known.GetValueOrDefault(parameter.Key) ?? throw EtlErrors.InvalidArgument(
                $"Pipeline '{document.Name}' has a setting '{parameter.Key}', which is none.",
                $"Use {string.Join(", ", known.Keys)}; an older EtlPs may not know a newer one's."),
            parameter => Argument(parameter.Value) ?? throw EtlErrors.InvalidArgument(
                $"The setting '{parameter.Key}' of pipeline '{document.Name}' has a value of another kind.",
                "EtlPs.Pipeline.schema.json tells what it takes."));
    }

    private static (string Name, object? Value)[] Of(PipelineDefinition? definition) =>
    [
        ("Table", definition?.Tables),
        ("ExcludeTable", definition?.ExcludedTables),
        ("Publication", definition?.Publication),
        ("SlotName", definition?.SlotName),
        ("FailoverSlot", definition is { FailoverSlot: true } ? true : null),
        ("DestinationSchema", definition?.DestinationSchema),
        ("TableMap", Texts(definition?.TableMap)),
        ("ColumnMap", Texts(definition?.ColumnMap)),
        ("UnboundedNumeric", Texts(definition?.UnboundedNumeric)),
        ("OnUnrepresentable", Texts(definition?.OnUnrepresentable)),
    ];

    private static SortedDictionary<string, string>? Texts<T>(IReadOnlyDictionary<string, T>? table) =>
        table is null or { Count: 0 }
        ? null
        : new(table.ToDictionary(entry => entry.Key, entry => $"{entry.Value}"), StringComparer.Ordinal);

    private static object? Argument(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        JsonValueKind.Array when value.EnumerateArray().All(IsText) =>
            value.EnumerateArray().Select(item => item.GetString()!).ToArray(),
        JsonValueKind.Object when value.EnumerateObject().All(property => IsText(property.Value)) => new Hashtable(
            value.EnumerateObject().ToDictionary(property => property.Name, property => property.Value.GetString())),
        _ => null,
    };

    private static bool IsText(JsonElement value) => value.ValueKind == JsonValueKind.String;
}
