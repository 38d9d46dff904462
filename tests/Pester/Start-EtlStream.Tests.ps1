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

Describe 'Start-EtlStream' {
    It 'copies, follows, and ends when it has caught up' {
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File
        $first = Start-EtlStream $shop.Name -UntilCaughtUp -Confirm:$false
        $first.EndedBy | Should -Be 'CaughtUp'
        $first.Backfilled.Count | Should -Be 2
        $null = Invoke-TestSql -Database $shop.Name -Sql 'UPDATE orders SET total = 0 WHERE id <= 7; DELETE FROM orders WHERE id > 990'
        $second = Start-EtlStream $shop.Name -UntilCaughtUp -Confirm:$false
        $second.Changes | Should -Be 17
        $row = Invoke-EtlQuery $shop.Name 'SELECT count(*) AS n, count(*) FILTER (total = 0) AS zero FROM public.orders'
        $row.n | Should -Be 990
        $row.zero | Should -Be 7
    }

    It 'ends after -Duration' {
        (Start-EtlStream $shop.Name -Duration 1 -Confirm:$false).EndedBy | Should -Be 'DurationOver'
    }

    It 'refuses <Arguments>' -ForEach @(
        @{ Arguments = @{ UntilLsn = 'here' } }
        @{ Arguments = @{ Duration = 0 } }
        @{ Arguments = @{ ReconnectTimeout = -1 } }
    ) {
        Get-ErrorId { Start-EtlStream $shop.Name @Arguments } | Should -Be 'EtlPs.InvalidArgument'
    }
}
