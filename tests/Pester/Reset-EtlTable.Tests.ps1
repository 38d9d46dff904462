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

Describe 'Reset-EtlTable' {
    It 'copies a table again, for the next stream to show' {
        New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlBackfill -Confirm:$false | Out-Null
        $null = Invoke-TestSql -Database $shop.Name -Sql 'TRUNCATE orders'
        $result = Reset-EtlTable $shop.Name orders -Confirm:$false
        $result.Table | Should -Be 'public.orders'
        $result.Rows | Should -Be 0
        $null = Start-EtlStream $shop.Name -UntilCaughtUp -Confirm:$false
        (Get-EtlTable $shop.Name orders).State | Should -Be 'Ready'
        (Invoke-EtlQuery $shop.Name 'SELECT count(*) AS n FROM public.orders').n | Should -Be 0
    }

    It 'has an error for a table that is not the pipeline''s' {
        Get-ErrorId { Reset-EtlTable $shop.Name nothing } | Should -Be 'EtlPs.TableNotFound'
    }
}
