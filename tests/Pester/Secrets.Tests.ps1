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

Describe 'A password' {
    BeforeAll {
        $canary = 'canary-4711'
        $wide = [Convert]::ToHexString([Text.Encoding]::Unicode.GetBytes($canary))
        $role = "r_$($shop.Name)"
        $null = Invoke-TestSql -Database $shop.Name -Sql @"
CREATE ROLE $role LOGIN REPLICATION PASSWORD '$canary';
GRANT CREATE ON DATABASE $($shop.Name) TO $role;
ALTER TABLE customers OWNER TO $role; ALTER TABLE orders OWNER TO $role;
"@
        $credential = [pscredential]::new($role, (ConvertTo-SecureString $canary -AsPlainText -Force))
        $given = New-EtlSource ($shop.Source -replace '.*Host=([^;]+).*', '$1') $shop.Name -Credential $credential `
            -Port ($shop.Source -replace '.*Port=([^;]+).*', '$1')
    }

    AfterAll {
        Remove-EtlPipeline $shop.Name -Confirm:$false
        $null = Invoke-TestSql -Database $shop.Name -Sql "REASSIGN OWNED BY $role TO CURRENT_USER; DROP OWNED BY $role; DROP ROLE $role"
    }

    It 'is in no stream, error, job, exported file, transcript or copy' {
        $transcript = Join-Path $TestDrive 'transcript.txt'
        Start-Transcript -Path $transcript | Out-Null
        $said = try {
            & {
                $VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
                New-EtlPipeline $shop.Name $given $shop.File
                Test-EtlPipeline $shop.Name
                Start-EtlBackfill $shop.Name -WhatIf
                Start-EtlStream $shop.Name -UntilCaughtUp -Confirm:$false
                $job = Start-EtlStream $shop.Name -UntilCaughtUp -AsJob -Confirm:$false
                $job | Wait-Job | Receive-Job
                $job | Format-List * -Force | Out-String -Width 500
                $job | Remove-Job
                Get-EtlPipeline | Export-Clixml (Join-Path $TestDrive 'pipeline.xml') -Depth 5
                $given | Export-Clixml (Join-Path $TestDrive 'source.xml')
                try { New-EtlPipeline bad "Host=127.0.0.1;Port=1;Username=u;Password=$canary" ':memory:' | Start-EtlBackfill } catch { $_ }
                try { New-EtlPipeline bad "Hots=x;Password=$canary" ':memory:' } catch { $_ }
            } *>&1 | ForEach-Object { "$_"; $_ | Format-List * -Force | Out-String -Width 500 } | Out-String -Width 500
        }
        finally { Stop-Transcript | Out-Null }
        $said | Should -Match 'CaughtUp'
        $said | Should -Not -Match $canary
        $Error | Format-List * -Force | Out-String -Width 500 | Should -Not -Match $canary
        $files = @(Get-ChildItem $TestDrive -File) + @(Get-ChildItem $shop.Folder -File)
        $files.Count | Should -BeGreaterThan 3
        foreach ($file in $files) {
            $bytes = [Text.Encoding]::Latin1.GetString([IO.File]::ReadAllBytes($file.FullName))
            # The transcript has the test's own commands only where they are typed; these are not.
            $bytes.Contains($canary, 'OrdinalIgnoreCase') | Should -BeFalse -Because $file.Name
            $bytes.Contains($wide, 'OrdinalIgnoreCase') | Should -BeFalse -Because $file.Name
        }
    }
}
