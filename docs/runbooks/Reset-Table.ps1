#Requires -Version 7.4
#Requires -Modules EtlPs

<#
.SYNOPSIS
Copies tables again, those that were set aside or any others, and shows them.

.DESCRIPTION
For tables that were set aside, once the cause is mended (Get-EtlTable -State SetAside tells cause, key and remedy),
and for tables whose copy is not trusted. The tables are copied, the pipeline catches up, and the new rows take the
place of the earlier ones in one transaction; until then the earlier rows stay, and all other tables go on.

The pipeline must not be running elsewhere. The script ends with an error (exit code 1) that names the tables which
are not ready all the same. A run that was cut short can be started again.

.PARAMETER Path
Definition files from Export-EtlPipeline.

.PARAMETER Table
Tables as in SQL, with wildcards: shop.orders, "Shop"."Order lines", shop.*. Without it: all that were set aside.

.PARAMETER Name
The pipelines of the file, with wildcards; all unless given.

.PARAMETER Credential
Role and password for all of them. Without it: the secret that the file names, else the pgpass file.

.EXAMPLE
pwsh -NonInteractive -File docs/runbooks/Reset-Table.ps1 -Path ./shop.json

All that were set aside.

.EXAMPLE
pwsh -File docs/runbooks/Reset-Table.ps1 -Path ./shop.json -Table sales.orders -WhatIf

What would be done.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string[]] $Path,
    [string[]] $Table,
    [string[]] $Name = '*',
    [pscredential] $Credential
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$failures = [Collections.Generic.List[string]]::new()

foreach ($pipeline in Import-EtlPipeline -Path $Path -Name $Name -Credential $Credential) {
    $chosen = @(if ($Table) { Get-EtlTable $pipeline.Name $Table } else { Get-EtlTable $pipeline.Name -State SetAside })
    foreach ($one in $chosen) { $PSCmdlet.WriteVerbose("${pipeline}: $one $($one.ErrorMessage)") }
    if ($chosen.Count -eq 0) { continue }

    # A table that fails again is told at the end, with its error before.
    $chosen | Reset-EtlTable -Confirm:$false -ErrorAction Continue
    if ($WhatIfPreference) { continue }
    $pipeline | Start-EtlStream -UntilCaughtUp -ErrorAction Continue
    foreach ($one in Get-EtlTable $pipeline.Name $chosen.Table | Where-Object State -ne Ready) {
        $failures.Add("${pipeline}: $one. $($one.ErrorMessage) $($one.Remedy)")
    }
}

if ($failures.Count -gt 0) { throw $failures -join [Environment]::NewLine }
