#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    Import-Module "$PSScriptRoot/TestServer.psm1" -Force
    $Manifest = Get-TestedManifest
    $Root = Split-Path $Manifest
}

Describe 'The manifest' {
    It 'is valid' {
        Test-ModuleManifest -Path $Manifest -ErrorAction Stop | Should -Not -BeNullOrEmpty
    }

    It 'exports cmdlets by name and nothing else' {
        $data = Import-PowerShellDataFile -Path $Manifest
        $data.CmdletsToExport | Should -Not -Contain '*'
        $data.FunctionsToExport | Should -BeNullOrEmpty
        $data.AliasesToExport | Should -BeNullOrEmpty
        $data.VariablesToExport | Should -BeNullOrEmpty
    }

    It 'is for PowerShell 7.4 and later, edition Core' {
        $data = Import-PowerShellDataFile -Path $Manifest
        $data.PowerShellVersion | Should -Be '7.4'
        $data.CompatiblePSEditions | Should -Be 'Core'
    }

    It 'names the version of the assembly' {
        $assembly = [Reflection.AssemblyName]::GetAssemblyName((Join-Path $Root 'bin' 'EtlPs.dll'))
        $data = Import-PowerShellDataFile -Path $Manifest
        $assembly.Version.ToString(3) | Should -Be $data.ModuleVersion
    }
}
