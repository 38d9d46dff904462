#Requires -Version 7.4
#Requires -Modules EtlPs

<#
.SYNOPSIS
The nightly batch as a runbook of Azure Automation, with a credential that Azure keeps.

.DESCRIPTION
Needs a runtime environment, or a hybrid worker, with PowerShell 7.4 or later, the module EtlPs, and for a vault or a
managed identity Az.Accounts and Az.KeyVault. Definition file and DuckDB file lie on a disk that outlives the job: the
worker's, or a mounted share that locks files.

It asks nothing, and shows nothing that matters on a screen only. A job that is evicted is started again from the top
by Azure, and goes on where it was; the server may hold the slot for the dead session until wal_sender_timeout, which
is waited for. -Duration ends it before Azure does, at a place of its own.

The job fails, with every cause in its error, where a pipeline fails, is not caught up at the end, or has tables set
aside.

.PARAMETER Path
Definition files from Export-EtlPipeline.

.PARAMETER Name
The pipelines of the file, with wildcards; all unless given.

.PARAMETER CredentialName
The credential asset of the automation account that has role and password.

.PARAMETER VariableName
The encrypted variable asset that has the password of -UserName.

.PARAMETER VaultName
The key vault that has the password of -UserName. The account's managed identity may read its secrets.

.PARAMETER SecretName
The secret in the vault.

.PARAMETER ManagedIdentity
Logs in at Azure Database for PostgreSQL as the account's managed identity, which is -UserName there.

.PARAMETER UserName
The role.

.PARAMETER Duration
The time for all pipelines together, less than the three hours that a sandbox has.

.EXAMPLE
$account = @{ ResourceGroupName = 'etl'; AutomationAccountName = 'etl' }
Start-AzAutomationRunbook @account Invoke-AzureBatch -Parameters @{ Path = '/data/shop.json'; CredentialName = 'shop' }

With a credential asset.
#>
[CmdletBinding(DefaultParameterSetName = 'Credential')]
param(
    [Parameter(Mandatory)] [string[]] $Path,
    [string[]] $Name = '*',
    [Parameter(Mandatory, ParameterSetName = 'Credential')] [string] $CredentialName,
    [Parameter(Mandatory, ParameterSetName = 'Variable')] [string] $VariableName,
    [Parameter(Mandatory, ParameterSetName = 'Vault')] [string] $VaultName,
    [Parameter(Mandatory, ParameterSetName = 'Vault')] [string] $SecretName,
    [Parameter(Mandatory, ParameterSetName = 'Identity')] [switch] $ManagedIdentity,
    [Parameter(Mandatory, ParameterSetName = 'Variable')]
    [Parameter(Mandatory, ParameterSetName = 'Vault')]
    [Parameter(Mandatory, ParameterSetName = 'Identity')]
    [string] $UserName,
    [ValidateScript({ $_.TotalSeconds -ge 1 -and $_.TotalDays -le 1 }, ErrorMessage = '{0} is no time like 02:30:00.')]
    [timespan] $Duration = '02:30:00'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$end = [datetime]::UtcNow + $Duration
$problems = @()

function Get-SourceCredential {
    if ($CredentialName) { return Get-AutomationPSCredential -Name $CredentialName }
    if ($VariableName) {
        $text = Get-AutomationVariable -Name $VariableName
        return [pscredential]::new($UserName, [Net.NetworkCredential]::new('', $text).SecurePassword)
    }
    $null = Connect-AzAccount -Identity
    $password = if ($VaultName) { (Get-AzKeyVaultSecret -VaultName $VaultName -Name $SecretName).SecretValue }
    # A token is a password to Postgres.
    else { (Get-AzAccessToken -AsSecureString -ResourceUrl https://ossrdbms-aad.database.windows.net).Token }
    [pscredential]::new($UserName, $password)
}

# Until the server notices that the session of an evicted job is gone; whoever has the slot for longer is another run.
function Wait-SlotFree($Pipeline) {
    foreach ($attempt in 1..36) {
        $busy = @(Get-EtlSlot $Pipeline.Source | Where-Object { $_.Active -and $_.SlotName -eq $Pipeline.SlotName })
        if ($busy.Count -eq 0) { return }
        Start-Sleep -Seconds 5
    }
}

foreach ($pipeline in Import-EtlPipeline -Path $Path -Name $Name -Credential (Get-SourceCredential)) {
    try {
        Wait-SlotFree $pipeline
        $left = [Math]::Max(1, ($end - [datetime]::UtcNow).TotalSeconds)
        $result = $pipeline | Start-EtlStream -UntilCaughtUp -Duration $left -Confirm:$false -ErrorAction Continue
        $result
        $aside = @(Get-EtlTable $pipeline.Name -State SetAside)
        if ($aside.Count -gt 0) { $problems += "${pipeline}: set aside: $($aside.Table -join ', ')." }
        if ($result.EndedBy -ne 'CaughtUp') { $problems += "${pipeline}: not caught up; the next job goes on there." }
    }
    catch { $problems += "${pipeline}: $_" }
}

if ($problems) { throw $problems -join [Environment]::NewLine }
