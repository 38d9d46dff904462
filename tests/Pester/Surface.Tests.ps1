#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeDiscovery {
    $root = Split-Path (Split-Path $PSScriptRoot)
    $cmdlets = (Import-PowerShellDataFile -Path (Join-Path $root 'EtlPs.psd1')).CmdletsToExport
}

BeforeAll {
    $script:Root = Split-Path (Split-Path $PSScriptRoot)
    Import-Module (Join-Path $Root 'EtlPs.psd1') -Force
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
