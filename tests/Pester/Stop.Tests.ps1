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

Describe 'Stopping' {
    BeforeAll {
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File
        function Test-Rest {
            Wait-Until { '0' -eq (Invoke-TestSql "SELECT count(*) FROM pg_replication_slots WHERE database = '$($shop.Name)' AND active") }
            (Get-EtlPipeline $shop.Name).Running | Should -BeFalse
        }
        function Start-StreamIn([powershell] $Shell) {
            $null = $Shell.AddScript('param($manifest, $name, $source, $file)
                Import-Module $manifest; New-EtlPipeline $name $source $file | Start-EtlStream -Confirm:$false').
            AddArgument((Get-TestedManifest)).AddArgument($shop.Name).AddArgument($shop.Source).AddArgument($shop.File)
            $null = $Shell.BeginInvoke()
            Wait-Until { 't' -eq (Invoke-TestSql "SELECT active FROM pg_replication_slots WHERE slot_name = 'etlps_$($shop.Name)'") }
        }
    }

    It 'downstream, by Select-Object -First, leaves the run at rest' {
        @(Start-EtlBackfill $shop.Name -Confirm:$false | Select-Object -First 1).Count | Should -Be 1
        Test-Rest
    }

    It 'by a throw downstream leaves the run at rest' {
        { Start-EtlBackfill $shop.Name -Restart -Confirm:$false | ForEach-Object { throw 'enough' } } | Should -Throw 'enough'
        Test-Rest
    }

    It 'by a runspace that closes ends its stream' {
        $runspace = [runspacefactory]::CreateRunspace()
        $runspace.Open()
        $shell = [powershell]::Create($runspace)
        try {
            Start-StreamIn $shell
            $runspace.Close()
        }
        finally { $shell.Dispose(); $runspace.Dispose() }
        Test-Rest
    }

    It 'by Stop() ends a stream in another runspace, and nothing is lost' {
        $shell = [powershell]::Create()
        try {
            Start-StreamIn $shell
            $shell.Stop()
        }
        finally { $shell.Dispose() }
        Test-Rest
        $null = Start-EtlStream $shop.Name -UntilCaughtUp -Confirm:$false
        (Invoke-EtlQuery $shop.Name 'SELECT count(*) AS n FROM public.orders').n | Should -Be 1000
    }
}
