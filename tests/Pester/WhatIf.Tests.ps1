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

Describe '-WhatIf' {
    BeforeAll {
        $calls = @(
            { Start-EtlBackfill $shop.Name -WhatIf }
            { Start-EtlBackfill $shop.Name -Restart -AsJob -WhatIf }
            { Start-EtlStream $shop.Name -WhatIf }
            { Start-EtlStream $shop.Name -Restart -AsJob -WhatIf }
            { Reset-EtlTable $shop.Name orders -WhatIf }
            { Initialize-EtlPipeline $shop.Name -WhatIf }
            { Watch-EtlChange -Source $shop.Source orders -Timeout 1 -WhatIf }
            { Remove-EtlSlot $shop.Source "etlps_$($shop.Name)" -Force -WhatIf }
            { Export-EtlPipeline $shop.Name "$($shop.File).json" -WhatIf }
            { Stop-EtlPipeline $shop.Name -WhatIf }
            { Remove-EtlPipeline $shop.Name -WhatIf }
        )
        $null = New-EtlPipeline $shop.Name $shop.Source $shop.File

        # What a call refuses in a pipeline's state is its own error, as without -WhatIf.
        function Invoke-Each($Calls) {
            foreach ($call in $Calls) { Get-ErrorId $call | Should -BeIn $null, 'EtlPs.DestinationUnavailable', 'EtlPs.TableNotFound', 'EtlPs.SlotMissing' }
        }
    }

    It 'makes nothing before the first run' {
        Invoke-Each $calls
        Get-ChildItem $shop.Folder | Should -BeNullOrEmpty
        Get-TestSource $shop | Should -BeNullOrEmpty
        Get-Job | Should -BeNullOrEmpty
    }

    It 'changes no slot, no publication and no byte of the file after a copy' {
        $null = Start-EtlBackfill $shop.Name -Confirm:$false
        $source = Get-TestSource $shop
        $hash = (Get-FileHash $shop.File).Hash
        Invoke-Each $calls
        (Get-FileHash $shop.File).Hash | Should -Be $hash
        Get-TestSource $shop | Should -Be $source
    }

    It 'returns the plan' {
        $plan = Start-EtlStream $shop.Name -Restart -WhatIf
        $plan.Statements -match '^CREATE_REPLICATION_SLOT' | Should -Not -BeNullOrEmpty
        $plan.DestinationStatements.Count | Should -Be 2
        $plan.Bytes | Should -BeGreaterThan 0
        $plan.EstimatedTime | Should -BeGreaterThan ([timespan]::Zero)
    }

    It 'holds for $WhatIfPreference too' {
        $WhatIfPreference = $true
        $plan = Remove-EtlPipeline $shop.Name
        $plan.Operation | Should -Be 'Remove'
        (Get-EtlPipeline $shop.Name).Name | Should -Be $shop.Name
    }
}
