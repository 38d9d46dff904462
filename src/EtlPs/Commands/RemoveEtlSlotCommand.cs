using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Sources;
using EtlPs.Errors;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>Drops slots whose pipeline is gone, so that the server need not keep WAL for them.</summary>
[Cmdlet(VerbsCommon.Remove, "EtlSlot", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveEtlSlotCommand : EtlSlotCommand
{
    /// <summary>The slots' own names.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SlotNameCompleter))]
    public string[] SlotName { get; set; } = [];

    /// <summary>
    /// Also one that is in use, whose session is ended, one of a pipeline of this session, and one that is not ours.
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // A pattern might drop more than was meant: pipe what Get-EtlSlot finds.
        foreach (var slot in Find([.. SlotName.Select(WildcardPattern.Escape)]))
            if (!Force && Refusal(slot) is { } refusal)
                WriteError(EtlErrors.Record(refusal, slot.SlotName));
            else if (Ask(Effect(slot)))
                Drop(slot);
    }

    private static EtlPsException? Refusal(EtlSlot slot) => slot switch
    {
        { Active: true } => EtlErrors.SlotActive(slot),
        { Defined: true } => EtlErrors.SlotOfPipeline(slot),
        { Pipeline: null } => EtlErrors.SlotNotOurs(slot),
        _ => null,
    };

    private static PlannedEffect Effect(EtlSlot slot) => new(
        $"replication slot {slot.SlotName} of database {slot.Database} on {slot.Source.Host}:{slot.Source.Port}",
        slot.Active ? $"End the session of process {slot.ActivePid} and drop" : "Drop",
        SlotRemoval.Statement(slot.SlotName));

    private void Drop(EtlSlot slot) => _ = TryAwait(
        async cancel =>
        {
            await new SlotRemoval(Source.Settings).DropAsync(slot.SlotName, Force ? slot.ActivePid : null, cancel)
                .ConfigureAwait(false);
            return true;
        },
        slot.SlotName,
        out _);
}
