#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeDiscovery {
    Import-Module "$PSScriptRoot/TestServer.psm1" -Force
    $cmdlets = (Import-PowerShellDataFile -Path (Get-TestedManifest)).CmdletsToExport
}

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
    $Root = Split-Path (Split-Path $PSScriptRoot)
}

AfterAll {
    Remove-Module EtlPs -ErrorAction Ignore
}

Describe '<_>' -ForEach $cmdlets {
    It 'is exported' {
        (Get-Module EtlPs).ExportedCmdlets.Keys | Should -Contain $_
    }

    It 'has an approved verb' {
        $verb = ($_ -split '-')[0]
        (Get-Verb -Verb $verb).Verb | Should -Be $verb
    }

    It 'names what it returns' {
        (Get-Command $_).OutputType | Should -Not -BeNullOrEmpty
    }

    It 'has a page with three examples' {
        $page = Join-Path $Root 'docs' 'en-US' "$_.md"
        @(Select-String -Path $page -Pattern '^### Example \d').Count | Should -BeGreaterOrEqual 3
    }

    It 'has every parameter on its page' {
        $page = Get-Content -Raw (Join-Path $Root 'docs' 'en-US' "$_.md")
        $common = [System.Management.Automation.Cmdlet]::CommonParameters
        foreach ($parameter in (Get-Command $_).Parameters.Keys) {
            if ($parameter -notin $common) {
                $page | Should -Match "(?m)^### -$parameter$"
            }
        }
    }
}
