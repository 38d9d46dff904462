#Requires -Version 7.4
#Requires -Modules EtlPs

<#
.SYNOPSIS
Takes pipelines over to another server: without a new copy where that loses nothing, else with one.

.DESCRIPTION
Write a definition file with the new server's address (a copy of the old one with another host and port will do), and
give it here. What the new server is decides what is done:

- The old one under another address, or a standby that was promoted, with the pipeline's slot: the pipeline goes on
  from what its file holds, and nothing is copied. Promote it first. Everything that the file holds must have come to
  the standby: a standby that lacks some of it is refused (EtlPs.SourceChanged).
- The same without the slot (EtlPs.SlotMissing), or another cluster, such as one made by pg_upgrade, pg_dump or
  logical replication (EtlPs.SourceChanged): no slot there tells what changed since, so that the tables have to be
  copied anew. The script says so and does nothing, unless -Restart is given. With another destination in the new
  definition the old copy stays readable; with the same one its tables are dropped first.

To have the slot on a standby before it is promoted (Postgres 16 and later): make it there with
SELECT pg_create_logical_replication_slot('etlps_shop', 'pgoutput'), while the primary runs SELECT
pg_log_standby_snapshot(); then stream once more from the primary, so that the file is not behind that slot. It stays at
the promotion, and the pipeline goes on with it.

A run that was cut short can be started again, with the same words. The script ends with an error (exit code 1) where
the pipeline cannot go on.

.PARAMETER Path
Definition files with the new server's address.

.PARAMETER Name
The pipelines of the file, with wildcards; all unless given.

.PARAMETER Credential
Role and password at the new server. Without it: the secret that the file names, else the pgpass file.

.PARAMETER Restart
Copies all tables anew where the new server cannot go on from what the file holds.

.PARAMETER OldPath
Definition files with the old server's address. Once the pipelines are caught up at the new server, their slots at the
old one are dropped, so that it keeps no WAL for them; not where it is the same server. The old publications keep
nothing.

.PARAMETER OldCredential
Role and password at the old server.

.EXAMPLE
pwsh -File docs/runbooks/Move-ToNewServer.ps1 -Path ./shop-new.json -WhatIf

Whether the pipelines can go on at the new server, and what would be done.

.EXAMPLE
pwsh -NonInteractive -File docs/runbooks/Move-ToNewServer.ps1 -Path ./shop-new.json -Restart -OldPath ./shop.json

To another cluster, with a new copy; the old slots are dropped at the end.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string[]] $Path,
    [string[]] $Name = '*',
    [pscredential] $Credential,
    [switch] $Restart,
    [string[]] $OldPath,
    [pscredential] $OldCredential
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$mendedByRestart = 'SourceChanged', 'SlotMissing', 'SlotLost', 'SlotExists',
    'PublicationUnusable', 'DestinationBehindSlot'

function Get-Obstacle($Pipeline, [switch] $Restart) {
    Test-EtlPipeline $Pipeline.Name -Restart:$Restart | Where-Object Status -eq Failed
}

function Join-Obstacle([string] $Problem, $Obstacles) {
    $texts = $Obstacles | ForEach-Object { "$($_.Check): $($_.Evidence) $($_.Remedy)" }
    @($Problem) + $texts -join [Environment]::NewLine
}

# First: the pipelines of the new file have the same names, and are to be those of the session.
$old = @(if ($OldPath) { Import-EtlPipeline -Path $OldPath -Name $Name -Credential $OldCredential })

foreach ($pipeline in Import-EtlPipeline -Path $Path -Name $Name -Credential $Credential) {
    $obstacles = @(Get-Obstacle $pipeline)
    $anew = @($obstacles | Where-Object ErrorCode -in $mendedByRestart).Count -gt 0
    if ($anew -and -not $Restart) {
        throw Join-Obstacle "$pipeline cannot go on from what its file holds; -Restart copies all anew." $obstacles
    }
    if ($anew) { $obstacles = @(Get-Obstacle $pipeline -Restart) }
    if ($obstacles.Count -gt 0) { throw Join-Obstacle "$pipeline cannot start." $obstacles }

    $pipeline | Start-EtlStream -Restart:$anew -UntilCaughtUp -ErrorAction Continue
    if ($WhatIfPreference) { continue }
    $behind = @(Get-EtlTable $pipeline.Name | Where-Object State -ne Ready)
    if ($behind.Count -gt 0) { throw "${pipeline}: not all of its tables are ready: $($behind -join ', ')." }
}

foreach ($pipeline in $old) {
    foreach ($slot in Get-EtlSlot $pipeline.Source | Where-Object SlotName -eq $pipeline.SlotName) {
        if ($slot.Defined) { $PSCmdlet.WriteWarning("$($pipeline.Source) is the same server: its slot $slot stays.") }
        else { $slot | Remove-EtlSlot -Confirm:$false }
    }
}
