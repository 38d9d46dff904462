<#
.SYNOPSIS
Builds and tests EtlPs.

.PARAMETER Task
Build: the importable module beside EtlPs.psd1. Test: dotnet test. Pester: the Pester tests on the built module.
Docs: the help that Get-Help reads, from the pages in docs/en-US; it is kept there, so that a build needs no PlatyPS.
Clean: removes what builds leave.

.PARAMETER Configuration
Debug or Release.
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Pester', 'Docs', 'Clean')] [string] $Task = 'Build',
    [ValidateSet('Debug', 'Release')] [string] $Configuration = 'Debug'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args[0]) ended with $LASTEXITCODE." }
}

function Invoke-PesterTest {
    Import-Module Pester -MinimumVersion 5.0
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
    'Pester' {
        Invoke-Dotnet build "$PSScriptRoot/src/EtlPs" --configuration $Configuration
        Invoke-PesterTest
    }
    'Docs' {
        Export-ModuleHelp
        Invoke-Dotnet build "$PSScriptRoot/src/EtlPs" --configuration $Configuration
    }
    'Clean' {
        Invoke-Dotnet clean "$PSScriptRoot/EtlPs.sln" --configuration $Configuration --verbosity quiet
        foreach ($folder in 'bin', 'en-US', 'output', 'artifacts') {
            if ([IO.Directory]::Exists("$PSScriptRoot/$folder")) { [IO.Directory]::Delete("$PSScriptRoot/$folder", $true) }
        }
    }
}
