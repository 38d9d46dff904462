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

Describe 'Test-EtlPipeline' {
    It 'passes where a start would go ahead' {
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File
        Test-EtlPipeline $shop.Name | Where-Object Status -eq Failed | Should -BeNullOrEmpty
        Test-EtlPipeline $shop.Name -Quiet | Should -BeTrue
        Get-ChildItem $shop.Folder | Should -BeNullOrEmpty
    }

    It 'tells what stands in the way, with the SQL that mends it' {
        $null = Invoke-TestSql -Database $shop.Name -Sql 'CREATE TABLE keyless (a int)'
        $failed = Test-EtlPipeline $shop.Name | Where-Object Status -eq Failed
        $failed.Check | Should -Be 'ReplicaIdentity'
        $failed.ErrorCode | Should -Be 'NoReplicaIdentity'
        Test-EtlPipeline $shop.Name -Quiet | Should -BeFalse
        $null = Invoke-TestSql -Database $shop.Name -Sql $failed.Sql
        Test-EtlPipeline $shop.Name -Quiet | Should -BeTrue
    }
}
