#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
    $path = Join-Path $TestDrive 'shop.json'
    $null = New-EtlPipeline shop 'Host=db1;Database=shop;Username=me;Password=canary-4711' (Join-Path $TestDrive 'shop.duckdb')
}

Describe 'Export-EtlPipeline' {
    It 'writes nothing with -WhatIf' {
        $null = Export-EtlPipeline shop $path -WhatIf
        $path | Should -Not -Exist
    }

    It 'writes JSON without the password' {
        $null = Export-EtlPipeline shop $path -Confirm:$false -WarningAction SilentlyContinue
        $text = Get-Content -Raw $path
        $text | ConvertFrom-Json | Should -Not -BeNullOrEmpty
        $text | Should -Not -Match 'canary'
    }
}
