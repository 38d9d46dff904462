<#
.SYNOPSIS
The main job, end to end: a small shop in Postgres, copied to a DuckDB file and kept up to date while it goes on writing.

.DESCRIPTION
Starts a throw-away Postgres, fills it, copies it (Start-EtlBackfill), follows its changes (Start-EtlStream), stops and
goes on again, then asks both sides the same question and compares every table. It cleans up, and ends with 0 only if
all tables are equal.

    dotnet run --project tests/EtlPs.Shell -- docs/quickstart.ps1     # needs the .NET SDK only
    pwsh docs/quickstart.ps1 -Source postgres://me@localhost/scratch  # on a server of yours, with psql on PATH

.PARAMETER Source
A postgres:// URI of a database with wal_level = logical, where a schema "shop" may be made and dropped again. Without
it, a throw-away server is started by tests/EtlPs.Testing.

.PARAMETER Orders
How many orders the shop has at the beginning; it has two and a half times as many order lines.
#>
[CmdletBinding()]
param(
    [string] $Source,
    [ValidateRange(1000, 10000000)] [int] $Orders = 100000
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$root = [IO.Path]::GetDirectoryName($PSScriptRoot)
$customers = [int] [Math]::Floor($Orders / 5)
$clock = [Diagnostics.Stopwatch]::StartNew()

function Show-Step([string] $Text) {
    '' | Out-Host
    "[$($clock.Elapsed.TotalSeconds.ToString('0.0').PadLeft(5)) s] $Text" | Out-Host
}

# The throw-away server is a test fixture. EtlPs.Shell has it on board; pwsh loads it from the shell's build.
function Start-ThrowAwayDatabase {
    if (-not ('EtlPs.Testing.Postgres.ServerPool' -as [type])) {
        $built = @([IO.Directory]::GetDirectories("$root/tests/EtlPs.Shell", 'net10.0', 'AllDirectories') |
            ForEach-Object { [IO.Path]::Combine($_, 'EtlPs.Testing.dll') } | Where-Object { [IO.File]::Exists($_) })
        if ($built.Count -eq 0 -or [Environment]::Version.Major -lt 10) {
            throw 'Give -Source with a postgres:// URI, or run: dotnet run --project tests/EtlPs.Shell -- docs/quickstart.ps1'
        }
        Add-Type -Path $built[0]
    }
    $pool = [EtlPs.Testing.Postgres.ServerPool]::new()
    $database = $pool.CreateDatabaseAsync('quickstart').GetAwaiter().GetResult()
    @{ Pool = $pool; Database = $database }
}

# Runs SQL as the shop's own application would: one text is one transaction.
function Invoke-ShopSql([string] $Sql) {
    if ($throwAway) {
        $null = $throwAway.Database.ExecuteAsync($Sql, [Threading.CancellationToken]::None).GetAwaiter().GetResult()
        return
    }
    $null = & psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname $Source --command $Sql
    if ($LASTEXITCODE -ne 0) { throw "psql ended with $LASTEXITCODE." }
}

function Initialize-Shop {
    Invoke-ShopSql @"
CREATE SCHEMA shop;
CREATE TABLE shop.customers (
    id int PRIMARY KEY, name text NOT NULL, email varchar(120), country char(2) NOT NULL, joined date NOT NULL,
    vip boolean NOT NULL, profile jsonb);
CREATE TABLE shop.products (
    id int PRIMARY KEY, code uuid NOT NULL, name text NOT NULL, price numeric(10,2) NOT NULL, stock int NOT NULL,
    tags text[] NOT NULL);
CREATE TABLE shop.orders (
    id bigint PRIMARY KEY, customer_id int NOT NULL, placed timestamptz NOT NULL, status text NOT NULL, note text);
CREATE TABLE shop.order_lines (
    order_id bigint, line smallint, product_id int NOT NULL, quantity int NOT NULL, price numeric(10,2) NOT NULL,
    PRIMARY KEY (order_id, line));

INSERT INTO shop.customers
SELECT i, 'Customer ' || i, CASE WHEN i % 11 > 0 THEN 'c' || i || '@example.org' END,
       (ARRAY['AT','BR','DE','FR','IN','JP','KE','US'])[1 + i % 8], date '2015-01-01' + i % 4000, i % 20 = 0,
       jsonb_build_object('points', i % 500, 'city', 'Zürich ' || i % 90)
  FROM generate_series(1, $customers) i;
INSERT INTO shop.products
SELECT i, md5(i::text)::uuid, 'Product ' || i, (i * 37 % 20000) / 100.0 + 1, 1000000,
       CASE WHEN i % 3 = 0 THEN '{}' ELSE ARRAY['shelf ' || i % 7, 'sale'] END
  FROM generate_series(1, 1000) i;
INSERT INTO shop.orders
SELECT i, 1 + i * 7 % $customers, timestamptz '2024-01-01 00:00Z' + i * interval '7.123456 minutes',
       (ARRAY['new','paid','sent','done'])[1 + i % 4], CASE WHEN i % 5 = 0 THEN repeat('Leave it at the door. ', 1 + i % 9) END
  FROM generate_series(1, $Orders) i;
INSERT INTO shop.order_lines
SELECT o.id, l, p.id, 1 + (o.id + l) % 5, p.price
  FROM shop.orders o CROSS JOIN generate_series(1, 1 + (o.id % 4)::int) l
  JOIN shop.products p ON p.id = 1 + (o.id * 13 + l * 101) % 1000;
ANALYZE;
"@
}

# One of the shop's busy minutes: new orders, paid and sent ones, a cancelled one, stock and customers that change.
function Invoke-ShopBusiness([int] $Round) {
    $first = $Orders + $Round * 100
    Invoke-ShopSql @"
INSERT INTO shop.orders SELECT i, 1 + i % 1000, now(), 'new', NULL FROM generate_series($first, $first + 99) i;
INSERT INTO shop.order_lines
SELECT o.id, l, p.id, l, p.price FROM shop.orders o CROSS JOIN generate_series(1, 3) l
  JOIN shop.products p ON p.id = 1 + (o.id + l) % 1000 WHERE o.id BETWEEN $first AND $first + 99;
UPDATE shop.products p SET stock = stock - s.sold FROM (
    SELECT product_id, sum(quantity) AS sold FROM shop.order_lines
     WHERE order_id BETWEEN $first AND $first + 99 GROUP BY product_id) s WHERE p.id = s.product_id;
"@
    Invoke-ShopSql "UPDATE shop.orders SET status = 'sent', note = NULL WHERE id % 97 = $($Round % 97) AND status = 'paid'"
    Invoke-ShopSql @"
DELETE FROM shop.order_lines WHERE order_id = $($Round * 31 + 1);
DELETE FROM shop.orders WHERE id = $($Round * 31 + 1);
UPDATE shop.customers SET profile = profile || '{"points": $Round}', email = 'moved$Round@example.org' WHERE id = $($Round + 5);
UPDATE shop.customers SET id = id + 100000000 WHERE id = $($Round + 500);
"@
}

# Each table as text that both dialects write alike, so that neither side's copy of the values is trusted.
$tables = [ordered]@{
    customers   = @('id', 'name', 'email', 'country', 'joined', 'vip', 'profile')
    products    = @('id', 'code', 'name', 'price', 'stock', 'tags[]')
    orders      = @('id', 'customer_id', 'placed@', 'status', 'note')
    order_lines = @('order_id', 'line', 'product_id', 'quantity', 'price')
}
$dialects = @{
    Postgres = @{ Time = '(extract(epoch from {0}) * 1000000)::bigint'; Sum = "sum(('x' || substr(md5(r), 1, 12))::bit(48)::bigint)" }
    DuckDB   = @{ Time = 'epoch_us({0})'; Sum = "sum(('0x' || substr(md5(r), 1, 12))::bigint)" }
}

function Get-ChecksumQuery([string] $Table, [hashtable] $Dialect) {
    $columns = foreach ($column in $tables[$Table]) {
        $name = $column.TrimEnd('@', '[', ']')
        $text = if ($column.EndsWith('@')) { $Dialect.Time -f $name }
        elseif ($column.EndsWith('[]')) { "array_to_string($name, '/')" }
        else { $name }
        "coalesce(CAST($text AS varchar), '(null)')"
    }
    "SELECT CAST(count(*) AS varchar) AS rows, CAST($($Dialect.Sum) AS varchar) AS checksum " +
    "FROM (SELECT concat_ws('|', $($columns -join ', ')) AS r FROM shop.$Table) AS t"
}

function Compare-Shop {
    foreach ($table in $tables.Keys) {
        $there = Invoke-EtlQuery -Source $address -Query (Get-ChecksumQuery $table $dialects.Postgres)
        $here = Invoke-EtlQuery -Name quickstart -Query (Get-ChecksumQuery $table $dialects.DuckDB)
        [pscustomobject]@{
            Table    = $table
            Postgres = $there.rows
            DuckDB   = $here.rows
            Equal    = $there.rows -eq $here.rows -and $there.checksum -eq $here.checksum
        }
    }
}

$throwAway = $null
$address = $Source
$hasShop = $false
$hasPipeline = $false
$job = $null
$equal = $false
$folder = [IO.Directory]::CreateTempSubdirectory('etlps-quickstart-').FullName
try {
    Import-Module "$root/EtlPs.psd1"
    if (-not $Source) {
        Show-Step 'Starting a throw-away Postgres'
        $throwAway = Start-ThrowAwayDatabase
        $address = $throwAway.Database.ConnectionString
    }

    Show-Step "Filling the shop: $Orders orders"
    Initialize-Shop
    $hasShop = $true

    Show-Step 'Start-EtlBackfill: copying its tables to a DuckDB file'
    # DuckDB names a database after its file: in shop.duckdb, shop.orders could be two things.
    $null = New-EtlPipeline -Name quickstart -Source $address -Destination "$folder/copy.duckdb" -Table 'shop.*'
    $hasPipeline = $true
    Start-EtlBackfill -Name quickstart | Out-Host

    Show-Step 'Start-EtlStream -AsJob: following the changes, while the shop goes on writing'
    $job = Start-EtlStream -Name quickstart -AsJob
    foreach ($round in 1..30) {
        Invoke-ShopBusiness $round
        if ($round % 10 -eq 0) {
            $seen = Invoke-EtlQuery -Name quickstart -Query "SELECT count(*) AS orders FROM shop.orders WHERE id >= $Orders"
            "    $round rounds of business done; new orders in DuckDB so far: $($seen.orders)" | Out-Host
        }
    }
    # Thread pools and caches warm up; the first changes come a little later than all others.
    foreach ($attempt in 1..20) {
        $seen = Invoke-EtlQuery -Name quickstart -Query "SELECT count(*) AS orders FROM shop.orders WHERE id >= $Orders + 1"
        if ($seen.orders -gt 0 -or $job.State -ne 'Running') { break }
        $null = Wait-Job -Job $job -Timeout 1
    }
    Get-EtlSlotLag -Name quickstart | Out-Host

    Show-Step 'Stop-EtlPipeline: the shop does not wait for us'
    Stop-EtlPipeline -Name quickstart
    $null = Wait-Job -Job $job -Timeout 30
    Receive-Job -Job $job | Out-Host
    foreach ($round in 31..40) { Invoke-ShopBusiness $round }

    Show-Step 'Start-EtlStream -UntilCaughtUp: going on exactly where it stopped'
    Start-EtlStream -Name quickstart -UntilCaughtUp | Out-Host

    Show-Step 'The same question to both sides: the best countries'
    $question = @'
SELECT c.country, count(DISTINCT o.id) AS orders, CAST(sum(l.quantity * l.price) AS varchar) AS revenue
  FROM shop.customers c JOIN shop.orders o ON o.customer_id = c.id JOIN shop.order_lines l ON l.order_id = o.id
 GROUP BY c.country ORDER BY sum(l.quantity * l.price) DESC, c.country LIMIT 3
'@
    'Postgres' | Out-Host
    Invoke-EtlQuery -Source $address -Query $question | Out-Host
    'DuckDB' | Out-Host
    Invoke-EtlQuery -Name quickstart -Query $question | Out-Host

    Show-Step 'Every row and column of every table, compared'
    $comparison = @(Compare-Shop)
    $comparison | Out-Host
    $equal = @($comparison | Where-Object Equal).Count -eq $tables.Count
}
finally {
    # One thing that cannot be cleaned up is no reason to leave the others behind.
    $leftovers = @(
        { if ($job) { Remove-Job -Job $job -Force } }
        { if ($hasPipeline) { $null = Remove-EtlPipeline -Name quickstart -Confirm:$false } }
        { if ($hasShop -and -not $throwAway) { Invoke-ShopSql 'SET client_min_messages = warning; DROP SCHEMA shop CASCADE' } }
        { if ($throwAway) { $null = $throwAway.Database.DisposeAsync().AsTask().GetAwaiter().GetResult() } }
        { if ($throwAway) { $null = $throwAway.Pool.DisposeAsync().AsTask().GetAwaiter().GetResult() } }
        { [IO.Directory]::Delete($folder, $true) }
    )
    foreach ($leftover in $leftovers) {
        try { & $leftover } catch { "Not cleaned up: $_" | Out-Host }
    }
}

if ($equal) {
    Show-Step 'All tables are equal.'
    exit 0
}
Show-Step 'The tables are NOT equal.'
exit 1
