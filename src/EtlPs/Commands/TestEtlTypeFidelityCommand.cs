using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>
/// Takes a sample of the rows of a pipeline's tables, carries them into DuckDB in memory, and tells for each column
/// whether they arrived as what they are. Reads only.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "EtlTypeFidelity", DefaultParameterSetName = NameSet)]
[OutputType(typeof(EtlColumnFidelity))]
public sealed class TestEtlTypeFidelityCommand : EtlPipelineCommand
{
    /// <summary>Table names as in SQL, with wildcards; without it, all.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TableNameCompleter))]
    public string[] Table { get; set; } = [];

    /// <summary>How many rows of each table are taken.</summary>
    [Parameter]
    [ValidateRange(1, 10_000)]
    public int SampleSize { get; set; } = 1000;

    private protected override void Process(RegisteredPipeline pipeline)
    {
        var columns = Guard(
            () =>
            {
                EngineHost.RequireDuckDb();
                return Await(cancel => pipeline.Pipeline.TestFidelityAsync(Table, SampleSize, cancel), pipeline.Name);
            },
            pipeline.Name);
        foreach (var column in columns)
            WriteObject(new EtlColumnFidelity(pipeline, column));
    }
}
