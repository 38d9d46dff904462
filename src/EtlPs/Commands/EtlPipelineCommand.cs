using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Pipelines;
using EtlPs.Errors;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>A cmdlet that works on pipelines of this session, by name or from the pipeline.</summary>
public abstract class EtlPipelineCommand : EtlCommand
{
    private protected const string NameSet = "Name";
    private protected const string InputObjectSet = "InputObject";

    private readonly HashSet<Pipeline> _seen = new(ReferenceEqualityComparer.Instance);

    /// <summary>Names, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PipelineNameCompleter))]
    [Alias("Pipeline")]
    public string[] Name { get; set; } = [];

    /// <summary>Pipelines from New-EtlPipeline or Get-EtlPipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public EtlPipeline[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var pipeline in Selected())
            Process(pipeline);
    }

    /// <summary>Whether each object of the pipeline counts, also where its pipeline came before.</summary>
    private protected virtual bool RepeatsPipelines => false;

    private protected abstract void Process(RegisteredPipeline pipeline);

    /// <summary>
    /// Each pipeline once: the results of a backfill, one for each table, all carry the same name into the next cmdlet.
    /// Another definition of the same name is another pipeline.
    /// </summary>
    private IEnumerable<RegisteredPipeline> Selected()
    {
        var selected = ParameterSetName == InputObjectSet
            ? InputObject.Select(static pipeline => pipeline.Registered)
            : Name.SelectMany(Find);
        foreach (var pipeline in selected.ToList())
            if (_seen.Add(pipeline.Pipeline) || RepeatsPipelines)
                yield return pipeline;
    }

    private IReadOnlyList<RegisteredPipeline> Find(string name)
    {
        var found = Registry.Match(name);
        if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            WriteError(EtlErrors.Record(EtlErrors.NotFound(name), name));
        return found;
    }
}
