using EtlPs.Engine.Pipelines;

namespace EtlPs.Model;

/// <summary>A definition of this session: what the user gave, and the engine's pipeline made of it.</summary>
internal sealed record RegisteredPipeline(EtlSource Source, EtlDestination Destination, Pipeline Pipeline)
{
    public string Name => Pipeline.Definition.Name;
}
