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

Describe 'Get-EtlLoss' {
    It 'lists what NULL was written in place of, by table, column and key' {
        $null = Invoke-TestSql -Database $shop.Name -Sql "UPDATE orders SET total = 'NaN' WHERE id = 7"
        New-EtlPipeline $shop.Name $shop.Source $shop.File -OnUnrepresentable Null | Start-EtlBackfill -Confirm:$false | Out-Null
        $loss = Get-EtlLoss $shop.Name
        $loss.Table | Should -Be 'public.orders'
        $loss.Column | Should -Be 'total'
        $loss.Key | Should -Be 'id=7'
    }

    It 'has an error for a table that is not there' {
        Get-ErrorId { Get-EtlLoss $shop.Name nothing } | Should -Be 'EtlPs.TableNotFound'
    }
}
