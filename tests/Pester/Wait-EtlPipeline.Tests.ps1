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

Describe 'Wait-EtlPipeline' {
    It 'returns once all tables are ready' {
        New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlBackfill -Confirm:$false | Out-Null
        (Wait-EtlPipeline $shop.Name -Timeout 60).Name | Should -Be $shop.Name
        (Wait-EtlPipeline $shop.Name -State Stopped -Timeout 60).Running | Should -BeFalse
    }

    It 'ends with an error when the time is over' {
        Get-ErrorId { Wait-EtlPipeline $shop.Name -Lsn 'FFFF/FFFFFFFF' -Timeout 1 } | Should -BeLike 'EtlPs.*'
    }
}
