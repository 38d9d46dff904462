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

Describe 'Get-EtlPipeline' {
    It 'lists what is defined, with wildcards' {
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File
        (Get-EtlPipeline 'pester_*').Name | Should -Be $shop.Name
        Get-EtlPipeline 'no_*' | Should -BeNullOrEmpty
    }

    It 'shows position and tables once they are copied' {
        (Get-EtlPipeline $shop.Name).Lsn | Should -BeNullOrEmpty
        $null = Start-EtlBackfill $shop.Name -Confirm:$false
        $pipeline = Get-EtlPipeline $shop.Name
        $pipeline.Lsn | Should -Match '^[0-9A-F]+/[0-9A-F]+$'
        $pipeline.Tables.State | Should -Be 'Ready', 'Ready'
    }

    It 'has an error for a name that is not defined' {
        Get-ErrorId { Get-EtlPipeline nobody } | Should -Be 'EtlPs.PipelineNotFound'
    }
}
