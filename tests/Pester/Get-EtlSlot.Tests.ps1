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

Describe 'Get-EtlSlot' {
    It 'lists slots and whose they are' {
        New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlBackfill -Confirm:$false | Out-Null
        $slot = Get-EtlSlot $shop.Source "etlps_$($shop.Name)"
        $slot.Pipeline | Should -Be $shop.Name
        $slot.Defined | Should -BeTrue
        $slot.Active | Should -BeFalse
        Get-EtlSlot $shop.Source 'no_such_*' | Should -BeNullOrEmpty
    }
}
