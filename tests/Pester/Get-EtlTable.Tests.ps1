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

Describe 'Get-EtlTable' {
    It 'lists a source and what can be streamed' {
        $null = Invoke-TestSql -Database $shop.Name -Sql 'CREATE TABLE keyless (a int)'
        $tables = Get-EtlTable -Source $shop.Source
        $tables.Table | Should -Be 'public.customers', 'public.keyless', 'public.orders'
        ($tables | Where-Object CanStream).Table | Should -Be 'public.customers', 'public.orders'
        ($tables | Where-Object { -not $_.CanStream }).Remedy | Should -Match 'REPLICA IDENTITY'
    }

    It 'goes on to New-EtlPipeline and lists a pipeline''s tables by state' {
        Get-EtlTable -Source $shop.Source | Where-Object CanStream |
            New-EtlPipeline -Name $shop.Name -Source $shop.Source -Destination $shop.File | Start-EtlBackfill -Confirm:$false | Out-Null
        (Get-EtlTable $shop.Name).Rows | Should -Be 100, 1000
        (Get-EtlTable $shop.Name 'public.ord*' -State Ready).Table | Should -Be 'public.orders'
        Get-EtlTable $shop.Name -State SetAside | Should -BeNullOrEmpty
    }

    It 'has an error for a table that is not there' {
        Get-ErrorId { Get-EtlTable $shop.Name nothing } | Should -Be 'EtlPs.TableNotFound'
    }
}
