using System.Management.Automation;
using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Checks;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Looks at everything that a start looks at, by reads only, and tells all that it finds.</summary>
[Cmdlet(VerbsDiagnostic.Test, "EtlPipeline", DefaultParameterSetName = NameSet)]
[OutputType(typeof(EtlPipelineCheck), typeof(bool))]
public sealed class TestEtlPipelineCommand : EtlPipelineCommand
{
    /// <summary>Check for a one-off copy, which needs neither slot nor publication.</summary>
    [Parameter]
    public SwitchParameter SnapshotOnly { get; set; }

    /// <summary>Check for beginning anew rather than for going on.</summary>
    [Parameter]
    public SwitchParameter Restart { get; set; }

    /// <summary>Return whether nothing failed, one bool for each pipeline.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    private protected override void Process(RegisteredPipeline pipeline)
    {
        var checks = Check(pipeline);
        if (Quiet)
            WriteObject(checks.All(static check => check.Status != nameof(CheckStatus.Failed)));
        else
            WriteObject(checks, enumerateCollection: true);
    }

    private IReadOnlyList<EtlPipelineCheck> Check(RegisteredPipeline pipeline)
    {
        if (EngineHost.FindDuckDbProblem() is { } problem)
            return [new EtlPipelineCheck(pipeline.Name, "NativeLibrary", problem)];
        var options = new BackfillOptions { SnapshotOnly = SnapshotOnly, Restart = Restart };
        var checks = Await(cancel => pipeline.Pipeline.CheckAsync(options, cancel), pipeline.Name);
        return [.. checks.Select(check => new EtlPipelineCheck(pipeline.Name, check))];
    }
}
