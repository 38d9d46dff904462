#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
}

Describe 'New-EtlPipeline' {
    It 'defines a pipeline and touches nothing' {
        $pipeline = New-EtlPipeline shop 'Host=nowhere.invalid;Database=shop;Username=me' (Join-Path $TestDrive 'shop.duckdb')
        $pipeline.Name | Should -Be 'shop'
        $pipeline.SlotName | Should -Be 'etlps_shop'
        $pipeline.Publication | Should -Be 'etlps_shop'
        $pipeline.Running | Should -BeFalse
        $pipeline.Destination.Path | Should -Not -Exist
    }

    It 'takes the new definition where a name is defined again' {
        $null = New-EtlPipeline twice 'Host=a;Database=x' ':memory:'
        $null = New-EtlPipeline twice 'Host=b;Database=x' ':memory:'
        (Get-EtlPipeline twice).Source.Host | Should -Be 'b'
    }

    It 'refuses <Name> as <Id>' -ForEach @(
        @{ Name = 'Upper'; Source = 'Host=a'; Id = 'EtlPs.InvalidArgument' }
        @{ Name = 'with space'; Source = 'Host=a'; Id = 'EtlPs.InvalidArgument' }
        @{ Name = 'good'; Source = 'Hots=a'; Id = 'EtlPs.InvalidArgument' }
        @{ Name = 'good'; Source = 'host=a port=1'; Id = 'EtlPs.InvalidArgument' }
    ) {
        Get-ErrorId { New-EtlPipeline $Name $Source ':memory:' } | Should -Be $Id
    }
}
