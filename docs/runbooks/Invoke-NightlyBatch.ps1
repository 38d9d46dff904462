#Requires -Version 7.4
#Requires -Modules EtlPs

<#
.SYNOPSIS
Brings the copies of a definition file's pipelines up to date, and ends.

.DESCRIPTION
For a scheduler that starts it once a night, or once an hour. Each pipeline goes on where its last run ended, however
that was; the first run copies the tables. One pipeline that fails does not keep the others from their turn.

The script returns a result for each pipeline, and ends with an error (exit code 1) that names every pipeline which
failed, was not caught up when the time was over, or has tables set aside.

.PARAMETER Path
Definition files from Export-EtlPipeline.

.PARAMETER Name
The pipelines of the file, with wildcards; all unless given.

.PARAMETER Credential
Role and password for all of them. Without it: the secret that the file names, else the pgpass file.

.PARAMETER Duration
The time for all of them together, up to a day. What is not done by then is left to the next batch.

.EXAMPLE
pwsh -NonInteractive -File docs/runbooks/Invoke-NightlyBatch.ps1 -Path ./shop.json -Duration 04:00:00

As a scheduler runs it.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string[]] $Path,
    [string[]] $Name = '*',
    [pscredential] $Credential,
    [ValidateScript({ $_.TotalSeconds -ge 1 -and $_.TotalDays -le 1 }, ErrorMessage = '{0} is no time like 04:00:00.')]
    [timespan] $Duration = '04:00:00'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$end = [datetime]::UtcNow + $Duration
$failures = [Collections.Generic.List[string]]::new()

$pipelines = @(Import-EtlPipeline -Path $Path -Name $Name -Credential $Credential)
if ($pipelines.Count -eq 0) { throw "There is no pipeline $Name in $Path." }

foreach ($pipeline in $pipelines) {
    $left = $end - [datetime]::UtcNow
    if ($left -le [timespan]::Zero) {
        $failures.Add("${pipeline}: no time was left for it; the next batch does it.")
        continue
    }
    try {
        # A table that is set aside is an error of its own, and no reason to leave the others behind.
        $result = $pipeline | Start-EtlStream -UntilCaughtUp -Duration $left -ErrorAction Continue
        $result
        if ($result.EndedBy -ne 'CaughtUp') {
            $failures.Add("${pipeline}: not caught up when the time was over; the next batch goes on there.")
        }
        $aside = @(Get-EtlTable $pipeline.Name -State SetAside)
        if ($aside.Count -gt 0) {
            $failures.Add("${pipeline}: set aside: $($aside.Table -join ', '); see Reset-Table.ps1.")
        }
    }
    catch { $failures.Add("${pipeline}: $_") }
}

if ($failures.Count -gt 0) { throw $failures -join [Environment]::NewLine }
