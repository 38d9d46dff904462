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

Describe 'Remove-EtlPipeline' {
    It 'drops slot and publication and leaves the copied tables' {
        New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlBackfill -Confirm:$false | Out-Null
        Get-TestSource $shop | Should -Not -BeNullOrEmpty
        Remove-EtlPipeline $shop.Name -Confirm:$false
        Get-TestSource $shop | Should -BeNullOrEmpty
        Get-EtlPipeline | Should -BeNullOrEmpty
        $null = New-EtlPipeline look $shop.Source $shop.File
        (Invoke-EtlQuery look 'SELECT count(*) AS n FROM public.orders').n | Should -Be 1000
    }
}
