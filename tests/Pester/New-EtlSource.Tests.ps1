#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
}

Describe 'New-EtlSource' {
    It 'describes a database without connecting' {
        $source = New-EtlSource db1 shop -Port 5433 -UserName etl
        $source.Host | Should -Be 'db1'
        $source.Port | Should -Be 5433
        $source.Database | Should -Be 'shop'
        $source.UserName | Should -Be 'etl'
    }

    It 'takes host and database from the pipeline by property name' {
        $sources = [pscustomobject]@{ HostName = 'a'; Database = 'x' }, [pscustomobject]@{ Host = 'b'; Database = 'y' } | New-EtlSource
        $sources.Host | Should -Be 'a', 'b'
    }

    It 'refuses two different roles' {
        $credential = [pscredential]::new('one', (ConvertTo-SecureString 'x' -AsPlainText -Force))
        Get-ErrorId { New-EtlSource db1 shop -Credential $credential -UserName two } | Should -Be 'EtlPs.InvalidArgument'
    }

    It 'does not hold the password' {
        $credential = [pscredential]::new('etl', (ConvertTo-SecureString 'canary-4711' -AsPlainText -Force))
        New-EtlSource db1 shop -Credential $credential | Format-List * | Out-String | Should -Not -Match 'canary'
    }
}
