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

Describe 'Another module''s copy of Npgsql' {
    It 'that was loaded first stays its own, and ours is in a context of the module''s' {
        $folder = Join-Path $TestDrive 'other'
        $null = New-Item -ItemType Directory $folder
        $script = @'
param($folder, $manifest, $name, $source, $file)
$ErrorActionPreference = 'Stop'
Copy-Item (Join-Path (Split-Path $manifest) 'bin/engine/Npgsql.dll') $folder
$other = [Reflection.Assembly]::LoadFrom("$folder/Npgsql.dll")
Import-Module $manifest
$null = New-EtlPipeline $name $source $file | Start-EtlStream -UntilCaughtUp -Confirm:$false
$loaded = [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq 'Npgsql' }
$contexts = $loaded | ForEach-Object { [Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_).Name } | Sort-Object
"$($contexts -join ', '): $((Invoke-EtlQuery $name 'SELECT count(*) AS n FROM public.orders').n)"
'@
        $path = Join-Path $folder 'run.ps1'
        Set-Content -Path $path -Value $script
        $pwsh = [Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
        $said = & $pwsh -NoProfile -NonInteractive -File $path $folder (Get-TestedManifest) $shop.Name $shop.Source $shop.File 2>&1
        $said | Select-Object -Last 1 | Should -Be 'Default, EtlPs: 1000'
    }
}
