using System.Management.Automation;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>Describes a DuckDB file to copy to. Nothing is created.</summary>
[Cmdlet(VerbsCommon.New, "EtlDestination")]
[OutputType(typeof(EtlDestination))]
public sealed class NewEtlDestinationCommand : EtlCommand
{
    /// <summary>The file, or <c>:memory:</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>What DuckDB may use: bytes, or a text such as <c>'4GB'</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ByteSizeTransform]
    [ValidateRange(1L, long.MaxValue)]
    public long? MemoryLimit { get; set; }

    /// <summary>DuckDB's threads.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 1024)]
    public int? Threads { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Guard(
        () => new EtlDestination(DestinationPath.Resolve(SessionState, Path), MemoryLimit, Threads), Path));
}
