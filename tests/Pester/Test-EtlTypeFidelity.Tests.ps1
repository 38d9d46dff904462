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

Describe 'Test-EtlTypeFidelity' {
    It 'tells of every column, and makes nothing at either end' {
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File
        $columns = Test-EtlTypeFidelity $shop.Name
        ($columns | Where-Object Table -eq 'public.orders').Column | Should -Be 'id', 'customer', 'total', 'placed'
        Get-TestSource $shop | Should -BeNullOrEmpty
        $shop.File | Should -Not -Exist
    }
}
