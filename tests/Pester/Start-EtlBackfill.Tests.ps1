#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
    $shop = New-TestShop
}

AfterAll {
    Remove-TestShop $shop
    Stop-TestServer
}

Describe 'Start-EtlBackfill' {
    It 'copies every table, one result for each' {
        $results = New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlBackfill -Confirm:$false
        $results.Table | Should -Be 'public.customers', 'public.orders'
        $results.Rows | Should -Be 100, 1000
        $results.State | Should -Be 'Ready', 'Ready'
        $results.Elapsed | Should -BeOfType [timespan]
    }

    It 'does not copy again what is copied' {
        (Start-EtlBackfill $shop.Name -Confirm:$false).Copied | Should -Be $false, $false
    }

    It 'copies anew with -Restart' {
        (Start-EtlBackfill $shop.Name -Restart -Confirm:$false).Copied | Should -Be $true, $true
    }

    It 'copies some rows once with -SnapshotOnly -Where, and makes nothing at the source' {
        $before = Get-TestSource $shop
        $null = New-EtlPipeline once $shop.Source (Join-Path $shop.Folder 'once.duckdb') -Table orders
        $result = Start-EtlBackfill once -SnapshotOnly -Where @{ 'public.orders' = 'id <= 10' } -Confirm:$false
        $result.Rows | Should -Be 10
        Get-TestSource $shop | Should -Be $before
    }
}
