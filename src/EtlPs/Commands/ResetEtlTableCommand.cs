using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Copies tables again, set aside or not, beside a stream that runs meanwhile.</summary>
[Cmdlet(VerbsCommon.Reset, "EtlTable", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(EtlTableCopyResult), typeof(EtlPlan))]
public sealed class ResetEtlTableCommand : EtlRunCommand
{
    /// <summary>Table names as in SQL, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TableNameCompleter))]
    public string[] Table { get; set; } = [];

    private protected override bool RepeatsPipelines => true;

    private protected override IPipelineRun CreateRun(RegisteredPipeline pipeline) => new ResetRun(pipeline, Table);
}
