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

Describe 'Remove-EtlSlot' {
    It 'refuses the slot of a pipeline of this session, and drops an orphan' {
        New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlBackfill -Confirm:$false | Out-Null
        $slot = "etlps_$($shop.Name)"
        Get-ErrorId { Remove-EtlSlot $shop.Source $slot -Confirm:$false } | Should -Be 'EtlPs.SlotNotOrphaned'
        $orphan = "etlps_orphan_$($shop.Name)"
        $null = Invoke-TestSql -Database $shop.Name -Sql "SELECT pg_create_logical_replication_slot('$orphan', 'pgoutput')"
        Remove-EtlSlot $shop.Source $orphan -WhatIf
        Get-EtlSlot $shop.Source $orphan | Should -Not -BeNullOrEmpty
        Remove-EtlSlot $shop.Source $orphan -Confirm:$false
        Get-EtlSlot $shop.Source 'etlps_orphan_*' | Should -BeNullOrEmpty
        Get-EtlSlot $shop.Source $slot | Should -Not -BeNullOrEmpty
    }
}
