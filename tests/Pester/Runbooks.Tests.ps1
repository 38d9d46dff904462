#Requires -Version 7.4
#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeAll {
    . $PSScriptRoot/Prepare.ps1
    $shop = New-TestShop
    $runbooks = Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'docs' 'runbooks'
    $definition = Join-Path $shop.Folder 'shop.json'
    $null = New-EtlPipeline $shop.Name $shop.Source $shop.File | Export-EtlPipeline -Path $definition
    $given = [System.Data.Common.DbConnectionStringBuilder]::new()
    $given.set_ConnectionString($shop.Source)
    $user = $given['Username']
    # A server that asks for a password has given it; one that trusts everybody takes any.
    $password = if ($given.ContainsKey('Password')) { $given['Password'] } else { 'secret' }
    $environment = @{ Password = $env:PGPASSWORD; Modules = $env:PSModulePath }
    if ($given.ContainsKey('Password')) { $env:PGPASSWORD = $password }

    # As one that was installed: in a folder of its name on PSModulePath.
    $modules = Join-Path $shop.Folder 'modules'
    $null = New-Item -ItemType Directory $modules
    $link = if ($IsWindows) { 'Junction' } else { 'SymbolicLink' }
    $null = New-Item -ItemType $link (Join-Path $modules 'EtlPs') -Target (Split-Path (Get-TestedManifest))
    $env:PSModulePath = $modules + [IO.Path]::PathSeparator + $env:PSModulePath

    # Runs PowerShell as a scheduler does. Returns its exit code and all that it said.
    function Invoke-Child([string[]] $Words) {
        Push-Location $shop.Folder
        try { $said = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive @Words 2>&1 | Out-String -Width 400 }
        finally { Pop-Location }
        [pscustomobject]@{ ExitCode = $LASTEXITCODE; Said = $said }
    }

    function Get-CopiedCount([string] $Table) {
        $null = Import-EtlPipeline $definition
        (Invoke-EtlQuery $shop.Name "SELECT count(*) AS n FROM public.$Table").n
    }
}

AfterAll {
    $env:PGPASSWORD = $environment.Password
    $env:PSModulePath = $environment.Modules
    (Get-Item (Join-Path $modules 'EtlPs')).Delete()
    Remove-TestShop $shop
    Stop-TestServer
}

Describe 'A runbook' {
    It 'runs by pwsh -File with an installed module, and ends with 0' {
        $ran = Invoke-Child -Words '-File', "$runbooks/Invoke-NightlyBatch.ps1", '-Path', $definition, '-Duration', '01:00:00'
        $ran.ExitCode | Should -Be 0 -Because $ran.Said
        Get-CopiedCount orders | Should -Be 1000
    }

    It 'ends with 1, and says why, when it fails' {
        $ran = Invoke-Child -Words '-File', "$runbooks/Invoke-NightlyBatch.ps1", '-Path', $definition, '-Name', 'nosuch'
        $ran.ExitCode | Should -Be 1
        $ran.Said | Should -Match 'nosuch'
    }

    It 'shows its help' {
        foreach ($file in Get-ChildItem $runbooks -Filter *.ps1) {
            (Get-Help $file.FullName -Full).Synopsis | Should -Match '^[A-Z].*\.$' -Because $file.Name
        }
    }
}

Describe 'Invoke-AzureBatch' {
    BeforeAll {
        # In place of what Azure has; each writes down what it was asked for.
        $standIns = Join-Path $shop.Folder 'azure.ps1'
        $asked = Join-Path $shop.Folder 'asked.txt'
        Set-Content $standIns @"
Import-Module '$(Get-TestedManifest)'
function Add-Asked { [IO.File]::AppendAllText('$asked', "`$args``n") }
`$secret = ConvertTo-SecureString '$password' -AsPlainText -Force
function Get-AutomationPSCredential(`$Name) { Add-Asked credential `$Name; [pscredential]::new('$user', `$secret) }
function Get-AutomationVariable(`$Name) { Add-Asked variable `$Name; '$password' }
function Connect-AzAccount([switch] `$Identity) { Add-Asked identity `$Identity }
function Get-AzKeyVaultSecret(`$VaultName, `$Name) {
    Add-Asked vault `$VaultName `$Name; [pscustomobject]@{ SecretValue = `$secret }
}
function Get-AzAccessToken([switch] `$AsSecureString, `$ResourceUrl) {
    Add-Asked token `$ResourceUrl; [pscustomobject]@{ Token = `$secret }
}
"@

        # A host without a console: whatever asks or reads keys fails. As Azure does, it counts each error as the job's.
        function Invoke-AzureRunbook([hashtable] $Words) {
            $shell = [powershell]::Create()
            try {
                $null = $shell.AddScript('param($standIns, $runbook, $words) $ErrorActionPreference = "Stop"; . $standIns; & $runbook @words').
                AddArgument($standIns).AddArgument("$runbooks/Invoke-AzureBatch.ps1").AddArgument(@{ Path = $definition } + $Words)
                $shell.Invoke()
            }
            finally { $shell.Dispose() }
        }
    }

    It 'takes its credential from <From>' -ForEach @(
        @{ From = 'a credential asset'; Words = @{ CredentialName = 'shop' }; Expected = 'credential shop' }
        @{ From = 'an encrypted variable'; Words = @{ VariableName = 'shop-password' }; Expected = 'variable shop-password' }
        @{ From = 'a vault'; Words = @{ VaultName = 'keys'; SecretName = 'shop' }; Expected = 'identity True;vault keys shop' }
        @{
            From     = 'a managed identity'; Words = @{ ManagedIdentity = $true }
            Expected = 'identity True;token https://ossrdbms-aad.database.windows.net'
        }
    ) {
        Remove-Item $asked -ErrorAction Ignore
        if (-not $Words.ContainsKey('CredentialName')) { $Words.UserName = $user }
        $null = Invoke-TestSql -Database $shop.Name -Sql "INSERT INTO customers SELECT max(id) + 1, 'another' FROM customers"
        $ran = Invoke-AzureRunbook $Words
        $ran.EndedBy | Should -Be 'CaughtUp'
        $ran.Changes | Should -Be 1
        (Get-Content $asked) -join ';' | Should -Be $Expected
    }

    It 'goes on after a job that was cut short' {
        Remove-EtlPipeline $shop.Name -Confirm:$false
        Remove-Item $shop.File
        # A slot is not made before transactions that write have ended: that long the job cannot get through.
        $open = Open-TestTransaction $shop "INSERT INTO customers VALUES (9001, 'open')"
        try {
            $job = Start-Process (Get-Process -Id $PID).Path -PassThru -ArgumentList '-NoProfile', '-NonInteractive', '-Command',
            "`". '$standIns'; & '$runbooks/Invoke-AzureBatch.ps1' -Path '$definition' -CredentialName shop`""
            Wait-Until { '1' -eq (Invoke-TestSql "SELECT count(*) FROM pg_replication_slots WHERE database = '$($shop.Name)'") }
            $job.Kill()
            $job.WaitForExit()
        }
        finally { Close-TestTransaction $open }
        $ran = Invoke-AzureRunbook @{ CredentialName = 'shop' }
        $ran.EndedBy | Should -Be 'CaughtUp'
        $ran.Backfilled.Count | Should -Be 2
        Get-CopiedCount orders | Should -Be 1000
    }

    It 'fails with what is wrong, and with all of it' {
        $null = Invoke-TestSql -Database $shop.Name -Sql "INSERT INTO orders VALUES (9001, 1, 'NaN', now())"
        { Invoke-AzureRunbook @{ CredentialName = 'shop' } } | Should -Throw '*set aside: public.orders*'
        $null = Invoke-TestSql -Database $shop.Name -Sql 'DELETE FROM orders WHERE id = 9001'
        $reset = Invoke-Child -Words '-File', "$runbooks/Reset-Table.ps1", '-Path', $definition
        $reset.ExitCode | Should -Be 0 -Because $reset.Said
        Get-CopiedCount orders | Should -Be 1000
    }
}

Describe 'Deployment.Tests' {
    BeforeAll {
        function Invoke-Check([string] $Limits) {
            Invoke-Child -Words '-Command', @"
`$check = New-PesterContainer -Path '$runbooks/Deployment.Tests.ps1' -Data @{ Path = '$definition'; $Limits }
Invoke-Pester -Container `$check -CI -Output Detailed
"@
        }
        $null = Import-EtlPipeline $definition
        $null = Start-EtlStream $shop.Name -UntilCaughtUp -Confirm:$false
        # What nobody has streamed yet.
        $null = Invoke-TestSql -Database $shop.Name -Sql "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 3000000))"
    }

    It 'lets a deployment go ahead below the limits' {
        $ran = Invoke-Check 'MaxLagBytes = 1GB'
        $ran.ExitCode | Should -Be 0 -Because $ran.Said
        $ran.Said | Should -Match "Describing Pipeline $($shop.Name)"
        $ran.Said | Should -Match 'Tests Passed: 6'
    }

    It 'fails it when the lag is above the limit' {
        $ran = Invoke-Check 'MaxLagBytes = 1MB'
        $ran.ExitCode | Should -Be 1
        $ran.Said | Should -Match '\[-\] is not further behind than is allowed'
    }

    It 'fails it when more tables are set aside than are allowed' {
        $null = Invoke-TestSql -Database $shop.Name -Sql "INSERT INTO orders VALUES (9001, 1, 'NaN', now())"
        $null = Start-EtlStream $shop.Name -UntilCaughtUp -Confirm:$false -ErrorAction SilentlyContinue
        (Invoke-Check 'MaxSetAside = 1').ExitCode | Should -Be 0
        $ran = Invoke-Check 'MaxSetAside = 0'
        $ran.ExitCode | Should -Be 1
        $ran.Said | Should -Match '\[-\] has no more tables set aside than are allowed'
        $ran.Said | Should -Match 'id=9001'
    }

    It 'looks at a stream in another process from the source, where it is told of it' {
        $null = Start-EtlStream $shop.Name -AsJob -Confirm:$false
        try {
            Wait-Until { 't' -eq (Invoke-TestSql "SELECT active FROM pg_replication_slots WHERE slot_name = 'etlps_$($shop.Name)'") }
            $running = Invoke-Check 'Running = $true; MaxLagBytes = 1GB'
            $unaware = Invoke-Check 'MaxLagBytes = 1GB'
        }
        finally { Stop-EtlPipeline $shop.Name }
        $running.ExitCode | Should -Be 0 -Because $running.Said
        $unaware.ExitCode | Should -BeGreaterThan 0
        $unaware.Said | Should -Match '\[-\] can start'
    }
}
