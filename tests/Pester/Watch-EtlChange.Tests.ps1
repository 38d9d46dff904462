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

Describe 'Watch-EtlChange' {
    It 'ends at -Timeout and leaves nothing at the source' {
        Watch-EtlChange -Source $shop.Source public.orders -Timeout 2 -Confirm:$false | Should -BeNullOrEmpty
        Get-TestSource $shop | Should -BeNullOrEmpty
    }

    It 'makes nothing with -WhatIf' {
        Watch-EtlChange -Source $shop.Source public.orders -Timeout 2 -WhatIf | Out-Null
        Get-TestSource $shop | Should -BeNullOrEmpty
    }

    It 'shows changes as objects, and ends downstream' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript('param($manifest, $source) Import-Module $manifest
                Watch-EtlChange -Source $source public.orders -Timeout 60 -Confirm:$false | Select-Object -First 1').
            AddArgument((Get-TestedManifest)).AddArgument($shop.Source)
            $watching = $shell.BeginInvoke()
            Wait-Until { '1' -eq (Invoke-TestSql "SELECT count(*) FROM pg_replication_slots WHERE database = '$($shop.Name)' AND active") }
            Wait-Until {
                $null = Invoke-TestSql -Database $shop.Name -Sql 'UPDATE orders SET customer = customer + 1 WHERE id = 7'
                $watching.IsCompleted
            }
            $change = $shell.EndInvoke($watching)
        }
        finally { $shell.Dispose() }
        $change.Count | Should -Be 1
        $change[0].Operation | Should -Be 'Update'
        $change[0].Table | Should -Be 'public.orders'
        $change[0].New.id | Should -Be 7
    }
}
