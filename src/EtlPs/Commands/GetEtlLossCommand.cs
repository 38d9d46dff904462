using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Lists what pipelines wrote NULL in place of, since DuckDB's type cannot hold it and they are defined so.</summary>
[Cmdlet(VerbsCommon.Get, "EtlLoss", DefaultParameterSetName = NameSet)]
[OutputType(typeof(EtlLoss))]
public sealed class GetEtlLossCommand : EtlPipelineCommand
{
    /// <summary>Table names as in SQL, with wildcards; without it, all.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TableNameCompleter))]
    public string[] Table { get; set; } = [];

    private protected override void Process(RegisteredPipeline pipeline)
    {
        var losses = Guard(
            () =>
            {
                EngineHost.RequireDuckDb();
                return Await(cancel => pipeline.Pipeline.ReadLossesAsync(Table, cancel), pipeline.Name);
            },
            pipeline.Name);
        foreach (var loss in losses)
            WriteObject(new EtlLoss(pipeline, loss));
    }
}
