using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Sources;
using EtlPs.Hosting;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>
/// Lists the tables of pipelines with their states, and why a table was set aside; or those of a source, and whether
/// they can be streamed.
/// </summary>
[Cmdlet(VerbsCommon.Get, "EtlTable", DefaultParameterSetName = NameSet)]
[OutputType(typeof(EtlTable), ParameterSetName = [NameSet, InputObjectSet])]
[OutputType(typeof(EtlSourceTable), ParameterSetName = [SourceSet])]
public sealed class GetEtlTableCommand : EtlPipelineCommand
{
    private const string SourceSet = "Source";

    /// <summary>A connection string, a postgres:// URI, or an object from New-EtlSource.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SourceSet)]
    [SourceTransform]
    [ValidateNotNull]
    public EtlSource Source { get; set; } = null!;

    /// <summary>Table names as in SQL, with wildcards; without it, all.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TableNameCompleter))]
    public string[] Table { get; set; } = [];

    /// <summary>Only tables in one of these states.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateSet("Pending", "Copying", "CatchingUp", "Ready", "SetAside")]
    public string[] State { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == SourceSet)
            ListSource();
        else
            base.ProcessRecord();
    }

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

    private void ListSource()
    {
        var tables = Await(cancel => new PostgresSource(Source.Settings).ReadTablesAsync(Table, cancel), null);
        foreach (var table in tables)
            WriteObject(new EtlSourceTable(Source, table));
    }
}
