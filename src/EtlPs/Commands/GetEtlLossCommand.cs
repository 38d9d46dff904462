using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>
/// Lists what pipelines rounded or wrote NULL in place of, since DuckDB's type cannot hold it and they are defined so.
/// </summary>
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
        // Part by part: whoever takes the first ones only need not wait for the rest.
        var parts = Guard(
            () =>
            {
                EngineHost.RequireDuckDb();
                return pipeline.Pipeline.ReadLossesAsync(Table, StopToken).GetAsyncEnumerator(StopToken);
            },
            pipeline.Name);
        while (Await(_ => parts.MoveNextAsync().AsTask(), pipeline.Name))
            foreach (var loss in parts.Current)
                WriteObject(new EtlLoss(pipeline, loss));
    }
}
