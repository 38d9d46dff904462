#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeDiscovery {
    Import-Module "$PSScriptRoot/TestServer.psm1" -Force
    $cmdlets = (Import-PowerShellDataFile -Path (Get-TestedManifest)).CmdletsToExport
}

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
}

Describe 'Help of <_>' -ForEach $cmdlets {
    BeforeAll {
        $command = Get-Command $_
        $help = Get-Help $_ -Full
    }

    It 'has a synopsis and a description' {
        $help.Synopsis | Should -Not -Match "^\s*$_ "
        $help.description | Out-String | Should -Not -BeNullOrEmpty
    }

    It 'has every parameter' {
        $own = $command.Parameters.Keys | Where-Object { $_ -notin [System.Management.Automation.Cmdlet]::CommonParameters }
        $help.parameters.parameter.name | Sort-Object | Should -Be ($own | Sort-Object)
        foreach ($parameter in $help.parameters.parameter) { $parameter.description | Out-String | Should -Match '\w' }
    }

    It 'has three examples or more' {
        @($help.examples.example).Count | Should -BeGreaterOrEqual 3
    }
}

Describe 'Topics' {
    It '<_> is shown' -ForEach @(
        'about_EtlPs', 'about_EtlPs_Pipelines', 'about_EtlPs_BackfillAndStream', 'about_EtlPs_SlotsAndLag',
        'about_EtlPs_Credentials', 'about_EtlPs_Jobs', 'about_EtlPs_Errors', 'about_EtlPs_AzureAutomation'
    ) {
        Join-Path (Split-Path (Get-TestedManifest)) 'en-US' "$_.help.txt" | Should -Exist
        Get-Help $_ | Out-String | Should -Match "TOPIC\s+$_"
    }
}
