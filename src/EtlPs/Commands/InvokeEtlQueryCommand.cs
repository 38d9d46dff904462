using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Sources;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>
/// Runs one reading statement on a pipeline's destination, also while the pipeline runs, or on a source.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "EtlQuery", DefaultParameterSetName = NameSet)]
[OutputType(typeof(PSObject))]
public sealed class InvokeEtlQueryCommand : EtlCommand
{
    private const string NameSet = "Name";
    private const string InputObjectSet = "InputObject";
    private const string SourceSet = "Source";

    /// <summary>The pipeline whose destination is asked.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PipelineNameCompleter))]
    public string Name { get; set; } = "";

    /// <summary>The same, as an object.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public EtlPipeline InputObject { get; set; } = null!;

    /// <summary>A connection string, a postgres:// URI, or an object from New-EtlSource.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SourceSet)]
    [SourceTransform]
    [ValidateNotNull]
    public EtlSource Source { get; set; } = null!;

    /// <summary>One statement that only reads, in the dialect of whom it is sent to.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = NameSet)]
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = SourceSet)]
    [ValidateNotNullOrEmpty]
    public string Query { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var result = ParameterSetName switch
        {
            SourceSet => Await(
                cancellationToken => new PostgresSource(Source.Settings).QueryAsync(Query, cancellationToken),
                Guard(Source.ToString, null)),
            InputObjectSet => QueryDestination(InputObject.Registered),
            _ => QueryDestination(Guard(() => Registry.Find(Name) ?? throw EtlErrors.NotFound(Name), Name)),
        };
        var rows = new QueryRows(result.Columns);
        foreach (var row in result.Rows)
            WriteObject(rows.ToObject(row));
    }

    private QueryResult QueryDestination(RegisteredPipeline pipeline) => Guard(
        () =>
        {
            EngineHost.RequireDuckDb();
            return Await(cancellationToken => pipeline.Pipeline.QueryAsync(Query, cancellationToken), pipeline.Name);
        },
        pipeline.Name);
}
