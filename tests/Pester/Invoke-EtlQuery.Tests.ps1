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

Describe 'Invoke-EtlQuery' {
    BeforeAll {
        New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlBackfill -Confirm:$false | Out-Null
    }

    It 'returns rows as objects' {
        $row = Invoke-EtlQuery $shop.Name 'SELECT count(*) AS n, max(total) AS most FROM public.orders'
        $row.n | Should -Be 1000
        $row.most | Should -Be 1250
    }

    It 'asks a source' {
        (Invoke-EtlQuery -Source $shop.Source -Query 'SELECT count(*) AS n FROM customers').n | Should -Be 100
    }

    It 'takes a pipeline from the pipeline' {
        (Get-EtlPipeline $shop.Name | Invoke-EtlQuery -Query 'SELECT 1 AS one').one | Should -Be 1
    }

    It 'refuses <Sql>' -ForEach @(
        @{ Sql = 'DELETE FROM public.orders' }
        @{ Sql = 'SELECT nothing' }
        @{ Sql = 'SELECT 1; SELECT 2' }
    ) {
        Get-ErrorId { Invoke-EtlQuery $shop.Name $Sql } | Should -Be 'EtlPs.QueryFailed'
    }
}
