# Dot-sourced by each file's BeforeAll.
Import-Module "$PSScriptRoot/TestServer.psm1" -Force
Import-Module (Get-TestedManifest) -Force
