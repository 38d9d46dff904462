#Requires -Version 7.4
#Requires -Modules EtlPs

<#
.SYNOPSIS
Streams a definition file's pipelines without an end, and raises an alert where one falls behind.

.DESCRIPTION
For a service manager that keeps it running. Each pipeline streams in a job; every -Interval each is looked at, and
what is above a limit is an alert: the lag, and the WAL that the slot keeps on the source's disk. So are a slot that is
about to be lost, tables that were set aside, and a source that does not answer.

An alert is raised once, and cleared once. It is an object with Time, Pipeline, Subject, State (Raised or Cleared) and
Message that the script returns, also a warning, and the argument of -AlertCommand. With -FailOnAlert the first one
ends the script with an error (exit code 1), the streams at rest.

A stream that fails ends the script with its error, for the service manager to start it again: it goes on where it
was. Ctrl+C, or the end of -Duration, stops the streams cleanly.

.PARAMETER Path
Definition files from Export-EtlPipeline.

.PARAMETER Name
The pipelines of the file, with wildcards; all unless given.

.PARAMETER Credential
Role and password for all of them. Without it: the secret that the file names, else the pgpass file.

.PARAMETER MaxLagBytes
How much WAL may lie between what is stored and the source's end.

.PARAMETER MaxRetainedBytes
How much WAL a slot may keep on the source's disk.

.PARAMETER Interval
The time between two looks.

.PARAMETER AlertCommand
What is called with each alert as its only argument: the name of a command, the path of a script, or a script block.

.PARAMETER FailOnAlert
Ends with an error at the first alert, for hosts that tell of nothing but jobs that fail.

.PARAMETER Duration
Ends after this time; without it, the script runs until it is stopped.

.EXAMPLE
pwsh -NonInteractive -File docs/runbooks/Start-WatchedStream.ps1 -Path ./shop.json -AlertCommand ./Send-Alert.ps1

As a service, with a script of yours that tells whom it concerns.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string[]] $Path,
    [string[]] $Name = '*',
    [pscredential] $Credential,
    [long] $MaxLagBytes = 1GB,
    [long] $MaxRetainedBytes = 10GB,
    [ValidateScript({ $_.TotalSeconds -ge 1 -and $_.TotalDays -le 1 }, ErrorMessage = '{0} is no time like 0:00:30.')]
    [timespan] $Interval = '00:00:30',
    [object] $AlertCommand,
    [switch] $FailOnAlert,
    [ValidateScript({ $_.TotalSeconds -ge 1 }, ErrorMessage = '{0} is no time like 08:00:00.')]
    [timespan] $Duration
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$end = if ($Duration -gt [timespan]::Zero) { [datetime]::UtcNow + $Duration } else { [datetime]::MaxValue }
$raised = @{}

# What is wrong with a pipeline now: a message by subject.
function Get-Concern($Pipeline) {
    $concerns = @{}
    try {
        $lag = Get-EtlSlotLag $Pipeline.Name
        if ($lag.LagBytes -gt $MaxLagBytes) {
            $concerns.Lag = "$($lag.LagBytes) bytes of WAL behind; $MaxLagBytes are allowed."
        }
        if ($lag.RetainedBytes -gt $MaxRetainedBytes) {
            $concerns.RetainedWal = "$($lag.RetainedBytes) bytes kept by $($lag.HeldBy); allowed: $MaxRetainedBytes."
        }
        if ($lag.WalStatus -notin 'reserved', 'extended') {
            $concerns.Slot = "The slot is $($lag.WalStatus): Postgres removes what it needs. Held by $($lag.HeldBy)."
        }
        $aside = @(Get-EtlTable $Pipeline.Name -State SetAside)
        if ($aside.Count -gt 0) { $concerns.SetAside = "Set aside: $($aside.Table -join ', ')." }
    }
    catch { $concerns.Source = "$_" }
    $concerns
}

function Send-Alert($Pipeline, [string] $Subject, [string] $State, [string] $Message) {
    $alert = [pscustomobject]@{
        Time     = [datetimeoffset]::UtcNow
        Pipeline = $Pipeline.Name
        Subject  = $Subject
        State    = $State
        Message  = $Message
    }
    $alert
    $PSCmdlet.WriteWarning("${State}: $Pipeline, ${Subject}: $Message")
    if (-not $AlertCommand) { return }
    # Whoever cannot be told is no reason to stop the stream.
    try { $null = & $AlertCommand $alert } catch { $PSCmdlet.WriteWarning("The alert could not be sent: $_") }
}

function Update-Alert($Pipeline) {
    $concerns = Get-Concern $Pipeline
    foreach ($subject in 'Source', 'Slot', 'RetainedWal', 'Lag', 'SetAside') {
        $key = "$Pipeline $subject"
        $message = $concerns[$subject]
        if ($message -and -not $raised[$key]) {
            $raised[$key] = $message
            Send-Alert $Pipeline $subject Raised $message
        }
        # While the source does not answer, nothing is known of the rest.
        elseif ($raised[$key] -and -not $message -and -not $concerns['Source']) {
            Send-Alert $Pipeline $subject Cleared $raised[$key]
            $raised.Remove($key)
        }
    }
}

$pipelines = @(Import-EtlPipeline -Path $Path -Name $Name -Credential $Credential)
if ($pipelines.Count -eq 0) { throw "There is no pipeline $Name in $Path." }
$jobs = @()
try {
    foreach ($pipeline in $pipelines) { $jobs += $pipeline | Start-EtlStream -AsJob }
    do {
        $wait = [Math]::Min($Interval.TotalSeconds, [Math]::Max(1.0, ($end - [datetime]::UtcNow).TotalSeconds))
        $ended = @(Wait-Job -Job $jobs -Any -Timeout ([int] $wait))
        $failed = @($ended | Where-Object State -eq Failed | ForEach-Object { "$($_.Pipeline): $($_.Failure)" })
        Receive-Job -Job $jobs -ErrorAction Continue
        foreach ($pipeline in $pipelines) { Update-Alert $pipeline }
        if ($FailOnAlert -and $raised.Count -gt 0) {
            throw ($raised.GetEnumerator() | ForEach-Object { "$($_.Key): $($_.Value)" }) -join [Environment]::NewLine
        }
    } while ($ended.Count -eq 0 -and [datetime]::UtcNow -lt $end)

    if ($failed.Count -gt 0) { throw $failed -join [Environment]::NewLine }
}
finally {
    $pipelines | Stop-EtlPipeline
    if ($jobs.Count -gt 0) {
        Receive-Job -Job $jobs -ErrorAction Continue
        Remove-Job -Job $jobs -Force
    }
}
