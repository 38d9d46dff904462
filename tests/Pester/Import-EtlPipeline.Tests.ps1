#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
    $path = Join-Path $TestDrive 'shop.json'
    $null = New-EtlPipeline shop 'Host=db1;Database=shop;Username=me' (Join-Path $TestDrive 'shop.duckdb') -Table 'sales.*'
    $null = Export-EtlPipeline shop $path -Confirm:$false
}

Describe 'Import-EtlPipeline' {
    It 'defines what was exported' {
        $pipeline = Import-EtlPipeline $path
        $pipeline.Name | Should -Be 'shop'
        $pipeline.Source.Host | Should -Be 'db1'
        $pipeline.Table | Should -Be 'sales.*'
    }

    It 'has an error for a file that is not there' {
        Get-ErrorId { Import-EtlPipeline (Join-Path $TestDrive 'none.json') } | Should -BeLike 'EtlPs.*'
    }
}
