<#
.SYNOPSIS
What the tests share: the module under test, a Postgres server with psql, and a shop in it to copy.

.DESCRIPTION
The server is the one that the connection string in ETLPS_TEST_POSTGRES names (a superuser's, keywords and semicolons), else a
throw-away cluster made with the binaries in ETLPS_TEST_PGBIN, on PATH, or where Debian and Homebrew put them. A test that
finds none fails.
#>
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$root = Split-Path (Split-Path $PSScriptRoot)
$server = $null
$shops = 0

# The packaged module where there is one: it is what users get.
function Get-TestedManifest {
    if ($env:ETLPS_TEST_MODULE) { return $env:ETLPS_TEST_MODULE }
    $packaged = Get-Item "$root/output/EtlPs/*/EtlPs.psd1" -ErrorAction Ignore |
        Sort-Object { [version] (Split-Path (Split-Path $_) -Leaf) } | Select-Object -Last 1
    if ($packaged) { $packaged.FullName } else { Join-Path $root 'EtlPs.psd1' }
}

# The error id that a script block ends with or leaves behind, without the class that PowerShell adds.
function Get-ErrorId([scriptblock] $Script) {
    try { $said = & $Script 2>&1 }
    catch { return $_.FullyQualifiedErrorId -replace ',.*' }
    $said | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } | Select-Object -First 1 |
        ForEach-Object { $_.FullyQualifiedErrorId -replace ',.*' }
}

function Wait-Until([scriptblock] $Condition, [int] $Seconds = 60) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($clock.Elapsed.TotalSeconds -gt $Seconds) { throw "Not within $Seconds seconds: $Condition" }
        Start-Sleep -Milliseconds 50
    }
}

function Invoke-TestSql([string] $Sql, [string] $Database = 'postgres') {
    Start-TestServer
    $before = $env:PGPASSWORD
    try {
        if ($script:server.Password) { $env:PGPASSWORD = $script:server.Password }
        $found = $Sql | & $script:server.Psql -X -q -A -t -v ON_ERROR_STOP=1 -h $script:server.Host -p $script:server.Port `
            -U $script:server.User -d $Database 2>&1
        if ($LASTEXITCODE -ne 0) { throw "psql: $found" }
        $found
    }
    finally { $env:PGPASSWORD = $before }
}

# A transaction that stays open, as an application's does; Close-TestTransaction rolls it back.
function Open-TestTransaction($Shop, [string] $Sql) {
    $start = [Diagnostics.ProcessStartInfo]::new($script:server.Psql)
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    foreach ($word in '-X', '-q', '-h', $script:server.Host, '-p', $script:server.Port, '-U', $script:server.User, '-d', $Shop.Name) {
        $start.ArgumentList.Add($word)
    }
    if ($script:server.Password) { $start.Environment['PGPASSWORD'] = $script:server.Password }
    $psql = [Diagnostics.Process]::Start($start)
    $psql.StandardInput.WriteLine("BEGIN; $Sql; \echo open")
    $psql.StandardInput.Flush()
    if ($psql.StandardOutput.ReadLine() -ne 'open') { throw "psql does not take: $Sql" }
    $psql
}

function Close-TestTransaction($Psql) {
    $Psql.StandardInput.Close()
    $Psql.WaitForExit()
    $Psql.Dispose()
}

# A database with customers and orders, a file to copy it to, and a name for the pipeline.
function New-TestShop([int] $Orders = 1000) {
    Start-TestServer
    $script:shops++
    $name = "pester_$PID`_$script:shops"
    Invoke-TestSql "CREATE DATABASE $name" | Out-Null
    Invoke-TestSql -Database $name -Sql @"
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer int NOT NULL, total numeric(12,2), placed timestamptz);
INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 100) n;
INSERT INTO orders SELECT n, 1 + n % 100, n * 1.25, '2026-01-01Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, $Orders) n;
ANALYZE;
"@ | Out-Null
    $folder = [IO.Directory]::CreateTempSubdirectory('etlps-pester').FullName
    $text = "Host=$($script:server.Host);Port=$($script:server.Port);Database=$name;Username=$($script:server.User)"
    [pscustomobject]@{
        Name   = $name
        Source = if ($script:server.Password) { "$text;Password=$($script:server.Password)" } else { $text }
        Folder = $folder
        File   = Join-Path $folder 'shop.duckdb'
    }
}

# What is at the source of a shop: slots and publications, by name.
function Get-TestSource($Shop) {
    (Invoke-TestSql -Database $Shop.Name -Sql @"
SELECT 'slot ' || slot_name || ' ' || coalesce(confirmed_flush_lsn::text, '') FROM pg_replication_slots WHERE database = current_database()
UNION ALL SELECT 'publication ' || pubname FROM pg_publication ORDER BY 1
"@) -join "`n"
}

function Remove-TestShop($Shop) {
    if ($null -eq $Shop) { return }
    Get-Job | Where-Object PSJobTypeName -eq 'EtlJob' | Remove-Job -Force
    Wait-Until { '0' -eq (Invoke-TestSql "SELECT count(*) FROM pg_replication_slots WHERE database = '$($Shop.Name)' AND active") }
    Invoke-TestSql "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '$($Shop.Name)'" | Out-Null
    Invoke-TestSql "DROP DATABASE $($Shop.Name) WITH (FORCE)" | Out-Null
    Remove-Item -Recurse -Force $Shop.Folder
}

function Start-TestServer {
    if ($script:server) { return }
    $script:server = if ($env:ETLPS_TEST_POSTGRES) { Get-GivenServer } else { Start-OwnServer }
}

function Stop-TestServer {
    if ($script:server -and $script:server.Data) {
        Invoke-AsServerUser (Join-Path $script:server.Bin 'pg_ctl') '-D' $script:server.Data '-m' 'immediate' '-w' 'stop' | Out-Null
        Remove-Item -Recurse -Force (Split-Path $script:server.Data)
    }
    $script:server = $null
}

function Get-GivenServer {
    $given = [System.Data.Common.DbConnectionStringBuilder]::new()
    # As a property it would be a keyword of that name, for the builder is a dictionary.
    $given.set_ConnectionString($env:ETLPS_TEST_POSTGRES)
    [pscustomobject]@{
        Host = $given['Host']; Port = if ($given.ContainsKey('Port')) { $given['Port'] } else { 5432 }
        User = $given['Username']; Password = if ($given.ContainsKey('Password')) { $given['Password'] }
        Psql = (Get-Command psql -CommandType Application | Select-Object -First 1).Source; Bin = $null; Data = $null
    }
}

function Start-OwnServer {
    $bin = Find-ServerBinaries
    $folder = [IO.Directory]::CreateTempSubdirectory('etlps-server').FullName
    $data = Join-Path $folder 'data'
    $port = Get-FreePort
    if (Test-IsRoot) { & chown postgres $folder }
    Invoke-AsServerUser (Join-Path $bin 'initdb') '-D' $data '-U' 'postgres' '-A' 'trust' '-E' 'UTF8' '--locale=C' '--no-sync' | Out-Null
    $options = "-c port=$port -c listen_addresses=127.0.0.1 -c wal_level=logical -c fsync=off -c max_wal_senders=50 " +
        '-c max_replication_slots=50 -c max_slot_wal_keep_size=4GB'
    if (-not $IsWindows) { $options += " -c unix_socket_directories=$folder" }
    Invoke-AsServerUser (Join-Path $bin 'pg_ctl') '-D' $data '-l' (Join-Path $folder 'log') '-o' $options '-w' 'start' | Out-Null
    [pscustomobject]@{
        Host = '127.0.0.1'; Port = $port; User = 'postgres'; Password = $null; Psql = Join-Path $bin 'psql'; Bin = $bin; Data = $data
    }
}

function Find-ServerBinaries {
    $folders = @($env:ETLPS_TEST_PGBIN
        (Get-Command pg_ctl -CommandType Application -ErrorAction Ignore | Select-Object -First 1).Source | ForEach-Object {
            if ($_) { Split-Path $_ }
        }
        Get-Item '/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql@*/bin', '/usr/local/opt/postgresql@*/bin',
        'C:/Program Files/PostgreSQL/*/bin' -ErrorAction Ignore | Sort-Object FullName -Descending | ForEach-Object FullName)
    foreach ($folder in $folders) {
        if ($folder -and (Get-Command (Join-Path $folder 'psql') -ErrorAction Ignore)) { return $folder }
    }
    throw 'These tests need a Postgres server: name one in ETLPS_TEST_POSTGRES, or its binaries, with psql, in ETLPS_TEST_PGBIN.'
}

function Get-FreePort {
    $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
    $listener.Start()
    try { $listener.LocalEndpoint.Port } finally { $listener.Stop() }
}

function Test-IsRoot { -not $IsWindows -and [Environment]::UserName -eq 'root' }

# The server refuses to run as root.
function Invoke-AsServerUser {
    $command = if (Test-IsRoot) { @('runuser', '-u', 'postgres', '--') + $args } else { $args }
    $rest = $command | Select-Object -Skip 1
    # Not through a pipe: pg_ctl's server would keep it open.
    $log = [IO.Path]::GetTempFileName()
    & $command[0] $rest *> $log
    $ended = $LASTEXITCODE
    $said = Get-Content -Raw $log
    Remove-Item $log
    if ($ended -ne 0) { throw "$($args[0]) ended with $ended`: $said" }
}

Export-ModuleMember -Function Get-TestedManifest, Get-ErrorId, Wait-Until, Invoke-TestSql, New-TestShop, Get-TestSource, Remove-TestShop, Stop-TestServer,
    Open-TestTransaction, Close-TestTransaction
