#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
}

Describe 'New-EtlDestination' {
    It 'resolves a path from where the session is' {
        Push-Location $TestDrive
        try { (New-EtlDestination ./copy.duckdb).Path | Should -Be (Join-Path (Get-Location).ProviderPath 'copy.duckdb') }
        finally { Pop-Location }
    }

    It 'keeps limits as numbers' {
        $destination = New-EtlDestination ':memory:' -MemoryLimit 250MB -Threads 2
        $destination.MemoryLimit | Should -Be 250MB
        $destination.Threads | Should -Be 2
    }

    It 'makes no file' {
        $path = Join-Path $TestDrive 'none.duckdb'
        $null = New-EtlDestination $path
        $path | Should -Not -Exist
    }
}
