using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Pipelines;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Lists the tables of pipelines with their states, and why a table was set aside.</summary>
[Cmdlet(VerbsCommon.Get, "EtlTable", DefaultParameterSetName = NameSet)]
[OutputType(typeof(EtlTable))]
public sealed class GetEtlTableCommand : EtlPipelineCommand
{
    /// <summary>Table names as in SQL, with wildcards; without it, all.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TableNameCompleter))]
    public string[] Table { get; set; } = [];

    /// <summary>Only tables in one of these states.</summary>
    [Parameter]
    [ValidateSet("Pending", "Copying", "CatchingUp", "Ready", "SetAside")]
    public string[] State { get; set; } = [];

    private protected override void Process(RegisteredPipeline pipeline)
    {
        var tables = Guard(
            () =>
            {
                EngineHost.RequireDuckDb();
                return Await(cancel => pipeline.Pipeline.ReadTablesAsync(Table, cancel), pipeline.Name);
            },
            pipeline.Name);
        foreach (var table in tables)
            if (State.Length == 0 || State.Contains(table.State.ToString(), StringComparer.OrdinalIgnoreCase))
                WriteObject(new EtlTable(pipeline, table));
    }
}
