@{
    RootModule           = 'bin/EtlPs.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '6f0a4a3e-8c57-4d0b-9a5f-2d0c1c7b9e41'
    Author               = 'EtlPs contributors'
    CompanyName          = 'EtlPs contributors'
    Copyright            = '(c) EtlPs contributors. MIT licence.'
    Description          = 'Copies tables out of Postgres into DuckDB and keeps the copy up to date: backfill from one exported snapshot, then change data capture by logical replication, exactly once.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    TypesToProcess       = @('EtlPs.Types.ps1xml')
    FormatsToProcess     = @('EtlPs.Format.ps1xml')
    CmdletsToExport      = @(
        'Export-EtlPipeline'
        'Get-EtlLoss'
        'Get-EtlPipeline'
        'Get-EtlSlot'
        'Get-EtlSlotLag'
        'Get-EtlTable'
        'Import-EtlPipeline'
        'Initialize-EtlPipeline'
        'Invoke-EtlQuery'
        'New-EtlDestination'
        'New-EtlPipeline'
        'New-EtlSource'
        'Remove-EtlPipeline'
        'Remove-EtlSlot'
        'Reset-EtlTable'
        'Start-EtlBackfill'
        'Start-EtlStream'
        'Stop-EtlPipeline'
        'Test-EtlPipeline'
        'Test-EtlTypeFidelity'
        'Wait-EtlPipeline'
        'Watch-EtlChange'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags = @('ETL', 'Postgres', 'PostgreSQL', 'DuckDB', 'CDC', 'Replication', 'Backfill', 'PSEdition_Core', 'Linux', 'MacOS', 'Windows')
        }
    }
}
