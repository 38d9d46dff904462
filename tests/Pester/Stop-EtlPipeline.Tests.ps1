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

Describe 'Stop-EtlPipeline' {
    It 'stops the job of a pipeline and waits until it is at rest' {
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File
        $job = Start-EtlStream $shop.Name -AsJob -Confirm:$false
        Wait-Until { 't' -eq (Invoke-TestSql "SELECT active FROM pg_replication_slots WHERE slot_name = 'etlps_$($shop.Name)'") }
        Stop-EtlPipeline $shop.Name
        $job.State | Should -Be 'Stopped'
        (Invoke-EtlQuery $shop.Name 'SELECT count(*) AS n FROM public.orders').n | Should -Be 1000
    }

    It 'does nothing where nothing runs' {
        Stop-EtlPipeline $shop.Name -ErrorAction Stop
    }
}
