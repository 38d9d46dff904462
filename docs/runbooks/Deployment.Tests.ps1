#Requires -Version 7.4
#Requires -Modules EtlPs
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

<#
.SYNOPSIS
Fails a deployment while a pipeline could not start, lags, or has errors above a limit.

.DESCRIPTION
Pester tests, one block for each pipeline of a definition file. They read only.

Another process that streams has the DuckDB file to itself: with -Running a pipeline must be streaming, and what is
looked at is what the source tells. Without it nothing may stream, and the tables are looked at too.

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

.PARAMETER MaxSetAside
How many tables may be set aside.

.PARAMETER MaxLosses
How many values may have been written as NULL because DuckDB cannot hold them (New-EtlPipeline -OnUnrepresentable
Null).

.PARAMETER Running
The pipelines are streaming, in another process.

.EXAMPLE
$check = New-PesterContainer -Path docs/runbooks/Deployment.Tests.ps1 -Data @{ Path = './shop.json'; MaxLagBytes = 100MB }
Invoke-Pester -Container $check -CI

The exit code is the number of tests that failed.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string[]] $Path,
    [string[]] $Name = '*',
    [pscredential] $Credential,
    [long] $MaxLagBytes = 100MB,
    [long] $MaxRetainedBytes = 10GB,
    [int] $MaxSetAside = 0,
    [int] $MaxLosses = 0,
    [switch] $Running
)

BeforeDiscovery {
    Set-StrictMode -Version 3.0
    $ErrorActionPreference = 'Stop'
    $pipelines = @(Import-EtlPipeline -Path $Path -Name $Name -Credential $Credential)
    if ($pipelines.Count -eq 0) { throw "There is no pipeline $Name in $Path." }
}

Describe 'Pipeline <_.Name>' -ForEach $pipelines {
    BeforeAll {
        Set-StrictMode -Version 3.0
        $ErrorActionPreference = 'Stop'
        $pipeline = $_
    }

    It 'has a slot that is well' {
        $lag = Get-EtlSlotLag -InputObject $pipeline
        $lag.WalStatus | Should -BeIn 'reserved', 'extended'
        $lag.Active | Should -Be ([bool] $Running)
    }

    It 'is not further behind than is allowed' {
        (Get-EtlSlotLag -InputObject $pipeline).LagBytes | Should -Not -BeGreaterThan $MaxLagBytes
    }

    It 'keeps no more WAL at the source than is allowed' {
        (Get-EtlSlotLag -InputObject $pipeline).RetainedBytes | Should -Not -BeGreaterThan $MaxRetainedBytes
    }

    It 'can start' -Skip:$Running {
        $failed = Test-EtlPipeline -InputObject $pipeline | Where-Object Status -eq Failed
        $failed | ForEach-Object { "$($_.Check): $($_.Evidence)" } | Should -BeNullOrEmpty
    }

    It 'has no more tables set aside than are allowed' -Skip:$Running {
        $aside = @(Get-EtlTable -InputObject $pipeline -State SetAside)
        $aside.Count | Should -Not -BeGreaterThan $MaxSetAside -Because (@($aside | ForEach-Object ErrorMessage) -join ' ')
    }

    It 'has lost no more values than are allowed' -Skip:$Running {
        @(Get-EtlLoss -InputObject $pipeline).Count | Should -Not -BeGreaterThan $MaxLosses
    }
}
