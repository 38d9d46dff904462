#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
    $shop = New-TestShop
    $manifest = Get-TestedManifest
}

AfterAll {
    Remove-TestShop $shop
    Stop-TestServer
}

Describe 'Runspaces of one process' {
    It 'do not see each other''s pipelines' {
        $null = New-EtlPipeline mine 'Host=a' ':memory:'
        $seen = 1..2 | ForEach-Object -Parallel {
            Import-Module $using:manifest
            $null = New-EtlPipeline "theirs_$_" 'Host=a' ':memory:'
            @(Get-EtlPipeline).Count
        }
        $seen | Should -Be 1, 1
        (Get-EtlPipeline).Name | Should -Be 'mine'
    }

    It 'run side by side, one pipeline each' {
        $results = 1..2 | ForEach-Object -Parallel {
            Import-Module $using:manifest
            $shop = $using:shop
            New-EtlPipeline "side_$_" $shop.Source (Join-Path $shop.Folder "side_$_.duckdb") | Start-EtlBackfill -Confirm:$false
        }
        ($results.Rows | Measure-Object -Sum).Sum | Should -Be 2200
    }

    It 'cannot share a file' {
        $job = New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlStream -AsJob -Confirm:$false
        Wait-Until { 't' -eq (Invoke-TestSql "SELECT active FROM pg_replication_slots WHERE slot_name = 'etlps_$($shop.Name)'") }
        $id = 1 | ForEach-Object -Parallel {
            Import-Module $using:manifest
            $shop = $using:shop
            try { New-EtlPipeline $shop.Name $shop.Source $shop.File | Start-EtlStream -Confirm:$false }
            catch { $_.FullyQualifiedErrorId -replace ',.*' }
        }
        $id | Should -Be 'EtlPs.DestinationLocked'
        Stop-EtlPipeline $shop.Name
        $job | Remove-Job
    }
}
