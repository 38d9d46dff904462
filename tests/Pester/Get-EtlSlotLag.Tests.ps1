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

Describe 'Get-EtlSlotLag' {
    It 'tells lag and retained WAL as numbers' {
        New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlBackfill -Confirm:$false | Out-Null
        $null = Invoke-TestSql -Database $shop.Name -Sql 'UPDATE orders SET total = total + 1'
        $lag = Get-EtlSlotLag $shop.Name
        $lag.LagBytes | Should -BeGreaterThan 0
        $lag.RetainedBytes | Should -BeGreaterOrEqual $lag.LagBytes
        $lag.WalStatus | Should -Be 'reserved'
        $lag.Active | Should -BeFalse
    }

    It 'needs no pipeline' {
        (Get-EtlSlotLag -Source $shop.Source -SlotName "etlps_$($shop.Name)").SlotName | Should -Be "etlps_$($shop.Name)"
    }

    It 'has an error for a slot that is not there' {
        Get-ErrorId { Get-EtlSlotLag -Source $shop.Source -SlotName nothing } | Should -Be 'EtlPs.SlotMissing'
    }
}
