#Requires -Version 7.4
#Requires -Modules EtlPs

<#
.SYNOPSIS
Makes a new copy where a pipeline's replication slot is lost, and only there.

.DESCRIPTION
For a pipeline that is refused because its slot was invalidated (EtlPs.SlotLost), dropped (EtlPs.SlotMissing),
confirmed beyond what the destination holds (EtlPs.DestinationBehindSlot), or left without its publication
(EtlPs.PublicationUnusable). What changed meanwhile cannot be had from a slot any more; a new copy has all of it.

Slot, publication and copied tables are dropped and made anew, once it is known that nothing else stands in the way.
Until the new copy is complete its tables are not there: -KeepOldCopy puts the file as it is beside it, for readers.

A pipeline whose slot is well is left as it is, and brought up to date: the script may run for all pipelines, and a
run that was cut short goes on with the copy that it began. The script ends with an error (exit code 1) where
something else is wrong.

Then see why it came to that: raise max_slot_wal_keep_size, stream more often, or watch the lag
(Start-WatchedStream.ps1).

.PARAMETER Path
Definition files from Export-EtlPipeline.

.PARAMETER Name
The pipelines of the file, with wildcards; all unless given.

.PARAMETER Credential
Role and password for all of them. Without it: the secret that the file names, else the pgpass file.

.PARAMETER KeepOldCopy
Copies the DuckDB file to the same path with .before at its end, before its tables are dropped. One that is there
already stays.

.EXAMPLE
pwsh -File docs/runbooks/Repair-LostSlot.ps1 -Path ./shop.json -WhatIf

Whether a new copy is needed, and what would be dropped and made.

.EXAMPLE
pwsh -NonInteractive -File docs/runbooks/Repair-LostSlot.ps1 -Path ./shop.json -KeepOldCopy

Unattended.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string[]] $Path,
    [string[]] $Name = '*',
    [pscredential] $Credential,
    [switch] $KeepOldCopy
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

function Copy-Destination([string] $File) {
    $kept = "$File.before"
    # An earlier attempt's: what is in the file by now is less than that.
    if ([IO.File]::Exists($kept)) { $PSCmdlet.WriteWarning("$kept is there already, and stays as it is."); return }
    if (-not $PSCmdlet.ShouldProcess($File, "Copy to $kept")) { return }
    if ([IO.File]::Exists("$File.wal")) { [IO.File]::Copy("$File.wal", "$kept.wal", $true) }
    # Complete, or not there at all.
    [IO.File]::Copy($File, "$kept.part", $true)
    [IO.File]::Move("$kept.part", $kept)
}

foreach ($pipeline in Import-EtlPipeline -Path $Path -Name $Name -Credential $Credential) {
    $failed = @(Test-EtlPipeline $pipeline.Name | Where-Object Status -eq Failed)
    $lost = @($failed | Where-Object ErrorCode -in SlotLost, SlotMissing, DestinationBehindSlot, PublicationUnusable)
    if ($lost.Count -gt 0) {
        $PSCmdlet.WriteWarning("$pipeline needs a new copy. $($lost.Evidence -join ' ')")
        $failed = @(Test-EtlPipeline $pipeline.Name -Restart | Where-Object Status -eq Failed)
    }
    if ($failed.Count -gt 0) {
        $texts = $failed | ForEach-Object { "$($_.Check): $($_.Evidence) $($_.Remedy)" }
        throw @("$pipeline cannot start.") + $texts -join [Environment]::NewLine
    }

    if ($lost.Count -gt 0 -and $KeepOldCopy) { Copy-Destination $pipeline.Destination.Path }
    $pipeline | Start-EtlStream -Restart:($lost.Count -gt 0) -UntilCaughtUp -ErrorAction Continue
    if ($WhatIfPreference) { continue }
    $behind = @(Get-EtlTable $pipeline.Name | Where-Object State -ne Ready)
    if ($behind.Count -gt 0) { throw "${pipeline}: not all of its tables are ready: $($behind -join ', ')." }
}
