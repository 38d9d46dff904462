#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
    $null = New-EtlPipeline nowhere 'Host=127.0.0.1;Port=1;Database=shop;Username=me' (Join-Path $TestDrive 'none.duckdb')
}

Describe 'An error' {
    It 'has a stable id, a category, a target and a remedy' {
        try { Start-EtlBackfill nowhere; throw 'no error came' } catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -Be 'EtlPs.SourceUnreachable,EtlPs.Commands.StartEtlBackfillCommand'
        $failure.CategoryInfo.Category | Should -Be 'ConnectionError'
        $failure.TargetObject | Should -Be 'nowhere'
        $failure.ErrorDetails.RecommendedAction | Should -Match 'port'
        $failure.Exception.Code | Should -Be 'SourceUnreachable'
        $failure.ToString() | Should -BeLike "*$($failure.Exception.Remedy)"
    }

    It 'of one name does not end the others' {
        $null = New-EtlPipeline there 'Host=a' ':memory:'
        $found = Get-EtlPipeline nobody, there -ErrorAction SilentlyContinue -ErrorVariable failures
        $found.Name | Should -Be 'there'
        $failures.Count | Should -Be 1
    }

    It 'leaves no file behind' {
        Join-Path $TestDrive 'none.duckdb' | Should -Not -Exist
    }
}
