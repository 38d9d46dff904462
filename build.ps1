<#
.SYNOPSIS
Builds, tests and packs EtlPs.

.PARAMETER Task
Build: the importable module beside EtlPs.psd1. Test: dotnet test. Docs: the help that Get-Help reads, from the pages in
docs/en-US; it is kept there, so that a build needs no PlatyPS. Analyze: PSScriptAnalyzer over every script.
Package: the module as users get it, in output: EtlPs/<version>, EtlPs.<version>.nupkg for a gallery, and AzureAutomation/EtlPs.zip
with the libraries for win-x64 and linux-x64 only. Pester: the Pester tests on the packaged module. Publish: the packed module to
a gallery, with the key in ETLPS_GALLERY_KEY. Clean: removes what builds leave.

.PARAMETER Configuration
Debug or Release, of Build and Test; what is packed is always a Release.

.PARAMETER Rid
The platforms whose native libraries Package puts into the module and its nupkg: win-x64, win-arm64, linux-x64, linux-arm64,
osx-arm64, osx-x64. All but the last in the gallery's package, which with it would be larger than a gallery takes.

.PARAMETER Repository
The gallery that Publish publishes to.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [ValidateSet('Build', 'Test', 'Pester', 'Docs', 'Analyze', 'Package', 'Publish', 'Clean')] [string] $Task = 'Build',
    [ValidateSet('Debug', 'Release')] [string] $Configuration = 'Debug',
    [string[]] $Rid = @('win-x64', 'win-arm64', 'linux-x64', 'linux-arm64', 'osx-arm64'),
    [string] $Repository = 'PSGallery'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$output = "$PSScriptRoot/output"
$platforms = @{
    'win-x64'     = 'win-x64'
    'win-arm64'   = 'win-arm64'
    'linux-x64'   = 'linux-x64'
    'linux-arm64' = 'linux-arm64'
    'osx-arm64'   = 'osx'
    'osx-x64'     = 'osx'
}
$machOProcessors = @{ 'osx-arm64' = 0x0100000C; 'osx-x64' = 0x01000007 }
# From outside (pwsh -File) a list comes as one word.
$Rid = @($Rid | ForEach-Object { $_ -split ',' })
foreach ($name in $Rid) {
    if (-not $platforms.ContainsKey($name)) { throw "There is no library for $name, but for: $(@($platforms.Keys) -join ', ')." }
}

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args[0]) ended with $LASTEXITCODE." }
}

function Invoke-PesterTest {
    Import-Module Pester -MinimumVersion 5.0
    $env:ETLPS_TEST_MODULE = "$(Get-PackageFolder)/EtlPs.psd1"
    $settings = New-PesterConfiguration
    $settings.Run.Path = "$PSScriptRoot/tests/Pester"
    $settings.Run.PassThru = $true
    $settings.Output.Verbosity = 'Detailed'
    $result = Invoke-Pester -Configuration $settings
    # Skipped or empty runs are failures: a test that cannot run has shown nothing.
    if ($result.PassedCount -eq 0 -or $result.PassedCount -ne $result.TotalCount) {
        throw "$($result.PassedCount) of $($result.TotalCount) Pester tests passed."
    }
}

function Get-Manifest {
    $tokens = $problems = $null
    $script = [Management.Automation.Language.Parser]::ParseFile("$PSScriptRoot/EtlPs.psd1", [ref] $tokens, [ref] $problems)
    $script.Find({ $args[0] -is [Management.Automation.Language.HashtableAst] }, $false).SafeGetValue()
}

function Get-PackageFolder { "$output/EtlPs/$((Get-Manifest).ModuleVersion)" }

function Remove-Folder([string] $Path) {
    if ([IO.Directory]::Exists($Path)) { [IO.Directory]::Delete($Path, $true) }
}

function Get-BigEndianNumber([byte[]] $Bytes, [int] $At) {
    [Net.IPAddress]::NetworkToHostOrder([BitConverter]::ToInt32($Bytes, $At))
}

# A universal Mach-O file is a list (a magic number, a count; for each processor its type, subtype, offset, size and alignment, all
# big-endian) and behind it the files of the processors, each signed for itself.
function Export-MachOSlice([string] $Universal, [int] $Processor, [string] $Path) {
    $all = [IO.File]::ReadAllBytes($Universal)
    if ((Get-BigEndianNumber $all 0) -ne 0xCAFEBABE) { throw "$Universal is no universal Mach-O file." }
    $count = Get-BigEndianNumber $all 4
    for ($at = 8; $at -lt 8 + 20 * $count; $at += 20) {
        if ((Get-BigEndianNumber $all $at) -ne $Processor) { continue }
        $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($Path))
        $file = [IO.File]::Create($Path)
        $file.Write($all, (Get-BigEndianNumber $all ($at + 8)), (Get-BigEndianNumber $all ($at + 12)))
        $file.Dispose()
        return
    }
    throw "$Universal has nothing for the processor $Processor."
}

# Leaves the libraries of some platforms. A universal one is thinned to a platform of its own, so that on another the host finds
# none, and the module can say so, in place of one that does not load.
function Limit-NativeLibrary([string] $Engine, [string[]] $Rid) {
    $graphPath = "$Engine/EtlPs.Engine.deps.json"
    $graph = [Text.Json.Nodes.JsonNode]::Parse([IO.File]::ReadAllText($graphPath))
    foreach ($library in @($graph['targets'].AsObject())[0].Value.AsObject()) {
        $assets = $library.Value['runtimeTargets']
        if ($null -eq $assets) { continue }
        foreach ($asset in @($assets.AsObject())) {
            $file = $asset.Key
            $brought = [string] $asset.Value['rid']
            $null = $assets.AsObject().Remove($file)
            foreach ($wanted in $Rid | Where-Object { $platforms[$_] -eq $brought }) {
                $own = $file.Replace("runtimes/$brought/", "runtimes/$wanted/")
                if ($own -ne $file) { Export-MachOSlice "$Engine/$file" $machOProcessors[$wanted] "$Engine/$own" }
                $entry = $asset.Value.DeepClone()
                $entry['rid'] = [Text.Json.Nodes.JsonValue]::Create([string] $wanted)
                $assets.AsObject().Add($own, $entry)
            }
        }
    }
    [IO.File]::WriteAllText($graphPath, $graph.ToJsonString([Text.Json.JsonSerializerOptions]@{ WriteIndented = $true }))
    foreach ($folder in [IO.Directory]::GetDirectories("$Engine/runtimes")) {
        if ([IO.Path]::GetFileName($folder) -notin $Rid) { [IO.Directory]::Delete($folder, $true) }
    }
}

function Export-Module([string] $Folder, [string[]] $Rid) {
    Remove-Folder $Folder
    # Neither a compiler server nor build nodes stay behind: who reads this script's output would wait for them.
    Invoke-Dotnet build "$PSScriptRoot/src/EtlPs" --configuration Release --nologo "-p:ModuleFolder=$Folder" `
        '-p:ContinuousIntegrationBuild=true' '-p:UseSharedCompilation=false' '-nodeReuse:false'
    Limit-NativeLibrary "$Folder/bin/engine" $Rid
}

# What Publish-PSResource would make of the manifest: a gallery knows a module, and what is in it, by its tags.
function Export-NuGetPackage([string] $Folder) {
    $manifest = Get-Manifest
    $tags = @($manifest.PrivateData.PSData.Tags) + 'PSModule' + 'PSIncludes_Cmdlet' +
        @($manifest.CmdletsToExport | ForEach-Object { "PSCmdlet_$_"; "PSCommand_$_" })
    $escape = { [Security.SecurityElement]::Escape($args[0]) }
    $description = "$output/EtlPs.nuspec"
    [IO.File]::WriteAllText($description, @"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>EtlPs</id>
    <version>$($manifest.ModuleVersion)</version>
    <authors>$(& $escape $manifest.Author)</authors>
    <owners>$(& $escape $manifest.CompanyName)</owners>
    <requireLicenseAcceptance>false</requireLicenseAcceptance>
    <license type="file">LICENSE</license>
    <description>$(& $escape $manifest.Description)</description>
    <copyright>$(& $escape $manifest.Copyright)</copyright>
    <tags>$($tags -join ' ')</tags>
  </metadata>
  <files><file src="**" target="" /></files>
</package>
"@)
    # NuGet's own rules are for libraries, which a module is not.
    Invoke-Dotnet pack "$PSScriptRoot/src/EtlPs" --no-build --configuration Release --nologo --output $output `
        "-p:NuspecFile=$description" "-p:NuspecBasePath=$Folder" '-p:NoPackageAnalysis=true' '-nodeReuse:false'
    [IO.File]::Delete($description)
}

# Azure Automation takes a zip that is named as the module and holds a folder of that name, without a version.
function Export-AzureAutomationPackage {
    $work = "$output/AzureAutomation"
    Export-Module "$work/EtlPs" 'win-x64', 'linux-x64'
    [IO.File]::Delete("$work/EtlPs.zip")
    [IO.Compression.ZipFile]::CreateFromDirectory("$work/EtlPs", "$work/EtlPs.zip", 'SmallestSize', $true)
    Remove-Folder "$work/EtlPs"
}

function Export-Package {
    Export-AzureAutomationPackage
    Export-Module (Get-PackageFolder) $Rid
    Export-NuGetPackage (Get-PackageFolder)
}

function Publish-Package {
    if (-not $env:ETLPS_GALLERY_KEY) { throw 'Publish needs the gallery''s key in ETLPS_GALLERY_KEY.' }
    $package = "$output/EtlPs.$((Get-Manifest).ModuleVersion).nupkg"
    if (-not [IO.File]::Exists($package)) { throw "There is no $package. Make it by -Task Package, and test it by -Task Pester." }
    if ($PSCmdlet.ShouldProcess($package, "Publish to $Repository")) {
        Publish-PSResource -NupkgPath $package -Repository $Repository -ApiKey $env:ETLPS_GALLERY_KEY
    }
}

function Invoke-Analysis {
    Import-Module PSScriptAnalyzer
    $findings = foreach ($part in 'build.ps1', 'EtlPs.psd1', 'docs', 'tests/Pester') {
        Invoke-ScriptAnalyzer -Path "$PSScriptRoot/$part" -Recurse -Severity Error, Warning
    }
    $findings | Out-Host
    if ($findings) { throw "$(@($findings).Count) findings." }
}

# PlatyPS leaves an example's code in its introduction, between fences; Get-Help shows it as code where it is code.
function Set-ExampleCode([Xml.XmlElement] $Example) {
    $title, $introduction, $code, $remarks = @($Example.ChildNodes)
    foreach ($paragraph in @($introduction.ChildNodes)) {
        if ($paragraph.InnerText -match '(?s)^```powershell\n(.*?)\n?```$') { $code.InnerText += $Matches[1] }
        elseif ($paragraph.InnerText -match '\w') { $null = $remarks.AppendChild($paragraph) }
    }
    $introduction.RemoveAll()
}

function Export-ModuleHelp {
    Import-Module Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0
    $work = [IO.Directory]::CreateTempSubdirectory('etlps-docs').FullName
    try {
        $pages = Get-ChildItem "$PSScriptRoot/docs/en-US/*-*.md"
        foreach ($page in $pages) {
            if (-not (Test-MarkdownCommandHelp $page.FullName)) { throw "$($page.Name) is not a page of help." }
        }
        $null = $pages | Import-MarkdownCommandHelp | Export-MamlCommandHelp -OutputFolder $work -Force
        $help = [xml][IO.File]::ReadAllText("$work/EtlPs/EtlPs.dll-Help.xml").Replace("`r`n", "`n")
        foreach ($example in @($help.GetElementsByTagName('command:example'))) { Set-ExampleCode $example }
        $text = [IO.StringWriter]::new()
        $writer = [Xml.XmlWriter]::Create($text, [Xml.XmlWriterSettings]@{ Indent = $true; NewLineChars = "`n"; OmitXmlDeclaration = $true })
        $help.Save($writer)
        $writer.Dispose()
        $declaration = '<?xml version="1.0" encoding="utf-8"?>'
        [IO.File]::WriteAllText("$PSScriptRoot/docs/en-US/EtlPs.dll-Help.xml", "$declaration`n$text`n")
    }
    finally { [IO.Directory]::Delete($work, $true) }
}

switch ($Task) {
    'Build' { Invoke-Dotnet build "$PSScriptRoot/src/EtlPs" --configuration $Configuration }
    'Test' { Invoke-Dotnet test "$PSScriptRoot/EtlPs.sln" --configuration $Configuration }
    'Docs' {
        Export-ModuleHelp
        Invoke-Dotnet build "$PSScriptRoot/src/EtlPs" --configuration $Configuration
    }
    'Analyze' { Invoke-Analysis }
    'Package' { Export-Package }
    'Pester' {
        Export-Module (Get-PackageFolder) $Rid
        Invoke-PesterTest
    }
    'Publish' { Publish-Package }
    'Clean' {
        Invoke-Dotnet clean "$PSScriptRoot/EtlPs.sln" --configuration $Configuration --verbosity quiet
        foreach ($folder in 'bin', 'en-US', 'output', 'artifacts') { Remove-Folder "$PSScriptRoot/$folder" }
    }
}
