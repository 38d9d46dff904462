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

Describe 'Jobs' {
    BeforeAll {
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File
    }

    It 'work with Get-Job, Wait-Job, Receive-Job and Remove-Job' {
        $job = Start-EtlStream $shop.Name -UntilCaughtUp -AsJob -Confirm:$false
        (Get-Job -Id $job.Id).Id | Should -Be $job.Id
        $job | Wait-Job -Timeout 120 | Should -Not -BeNullOrEmpty
        $job.State | Should -Be 'Completed'
        ($job | Receive-Job).EndedBy | Should -Be 'CaughtUp'
        $job | Remove-Job
        Get-Job | Should -BeNullOrEmpty
    }

    It 'end by Stop-Job, with a result' {
        $job = Start-EtlStream $shop.Name -AsJob -Confirm:$false
        Wait-Until { 't' -eq (Invoke-TestSql "SELECT active FROM pg_replication_slots WHERE slot_name = 'etlps_$($shop.Name)'") }
        $job | Stop-Job
        $job.State | Should -Be 'Stopped'
        ($job | Receive-Job).EndedBy | Should -Be 'Stopped'
        $job | Remove-Job
    }

    It 'fail with the error in their Error stream' {
        $null = New-EtlPipeline other $shop.Source (Join-Path $shop.Folder 'other.duckdb') -SlotName "etlps_$($shop.Name)"
        Get-ErrorId { Start-EtlStream other -AsJob } | Should -Be 'EtlPs.SlotExists'
        Get-Job | Should -BeNullOrEmpty
    }

    It 'let the pipeline be asked meanwhile' {
        $job = Start-EtlStream $shop.Name -AsJob -Confirm:$false
        Wait-Until { 't' -eq (Invoke-TestSql "SELECT active FROM pg_replication_slots WHERE slot_name = 'etlps_$($shop.Name)'") }
        (Invoke-EtlQuery $shop.Name 'SELECT count(*) AS n FROM public.orders').n | Should -Be 1000
        Get-ErrorId { Start-EtlStream $shop.Name -Confirm:$false } | Should -Be 'EtlPs.PipelineRunning'
        Stop-EtlPipeline $shop.Name
        $job | Remove-Job
    }
}
