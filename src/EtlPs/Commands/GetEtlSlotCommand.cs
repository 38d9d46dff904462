using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Lists the logical replication slots of a server, with the pipelines that they belong to.</summary>
[Cmdlet(VerbsCommon.Get, "EtlSlot")]
[OutputType(typeof(EtlSlot))]
public sealed class GetEtlSlotCommand : EtlSlotCommand
{
    /// <summary>Names, with wildcards; without it, all.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SlotNameCompleter))]
    public string[] SlotName { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Find(SlotName), enumerateCollection: true);
}
