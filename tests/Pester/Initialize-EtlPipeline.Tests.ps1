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

Describe 'Initialize-EtlPipeline' {
    BeforeAll {
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File
        $role = "op_$($shop.Name)"
        $null = Invoke-TestSql -Database $shop.Name -Sql "CREATE ROLE $role LOGIN"
    }

    AfterAll {
        $null = Invoke-TestSql -Database $shop.Name -Sql "DROP OWNED BY $role; DROP ROLE $role"
    }

    It 'tells the SQL and changes nothing with -AsScript and -WhatIf' {
        Initialize-EtlPipeline $shop.Name -Role $role -AsScript | Out-String | Should -Match 'CREATE PUBLICATION'
        $null = Initialize-EtlPipeline $shop.Name -Role $role -WhatIf
        Get-TestSource $shop | Should -BeNullOrEmpty
    }

    It 'makes the publication and gives the role what it lacks' {
        $null = Initialize-EtlPipeline $shop.Name -Role $role -Confirm:$false
        Get-TestSource $shop | Should -Match "publication etlps_$($shop.Name)"
        Invoke-TestSql -Database $shop.Name -Sql "SELECT rolreplication AND has_table_privilege('$role', 'orders', 'SELECT') FROM pg_roles WHERE rolname = '$role'" |
            Should -Be 't'
    }
}
