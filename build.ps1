<#
.SYNOPSIS
Builds and tests EtlPs.

.PARAMETER Task
Build: the importable module beside EtlPs.psd1. Test: dotnet test. Pester: the Pester tests on the built module.
Clean: removes what builds leave.

.PARAMETER Configuration
Debug or Release.
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Pester', 'Clean')] [string] $Task = 'Build',
    [ValidateSet('Debug', 'Release')] [string] $Configuration = 'Debug'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args[0]) ended with $LASTEXITCODE." }
}

function Invoke-PesterTest {
    Import-Module Pester -MinimumVersion 5.0
    $settings = New-PesterConfiguration
    $settings.Run.Path = "$PSScriptRoot/tests/Pester"
    $settings.Run.PassThru = $true
    $settings.Output.Verbosity = 'Detailed'
    $result = Invoke-Pester -Configuration $settings
    # Skipped or empty runs are failures: a test that cannot run has shown nothing.
    if ($result.PassedCount -eq 0 -or $result.PassedCount -ne $result.TotalCount) {
        throw "$($result.PassedCount) of $($result.TotalCount) Pester tests passed."
    }
}

switch ($Task) {
    'Build' { Invoke-Dotnet build "$PSScriptRoot/src/EtlPs" --configuration $Configuration }
    'Test' { Invoke-Dotnet test "$PSScriptRoot/EtlPs.sln" --configuration $Configuration }
    'Pester' {
        Invoke-Dotnet build "$PSScriptRoot/src/EtlPs" --configuration $Configuration
        Invoke-PesterTest
    }
    'Clean' {
        Invoke-Dotnet clean "$PSScriptRoot/EtlPs.sln" --configuration $Configuration --verbosity quiet
        foreach ($folder in 'bin', 'en-US', 'output', 'artifacts') {
            if ([IO.Directory]::Exists("$PSScriptRoot/$folder")) { [IO.Directory]::Delete("$PSScriptRoot/$folder", $true) }
        }
    }
}
