using System.Management.Automation;
using EtlPs.Definitions;
using EtlPs.Engine.Sources;
using EtlPs.Errors;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>
/// Defines the pipelines of a file in this session. Nothing is touched in Postgres or at the destination.
/// </summary>
[Cmdlet(VerbsData.Import, "EtlPipeline")]
[OutputType(typeof(EtlPipeline))]
public sealed class ImportEtlPipelineCommand : EtlCommand
{
    /// <summary>Files from Export-EtlPipeline.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Only pipelines of these names, with wildcards.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Role and password, in place of the file's role and secret.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            var resolved = Guard(() => FilePath.Resolve(
                SessionState, path, "Give the path of a file from Export-EtlPipeline."), path);
            var file = Guard(() => PipelineFile.Load(resolved), path);
            foreach (var name in Name)
                Import(file, name, System.IO.Path.GetDirectoryName(resolved) ?? resolved);
        }
    }

    private void Import(PipelineFile file, string name, string folder)
    {
        var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
        var found = file.Pipelines.Where(pipeline => pattern.IsMatch(pipeline.Name)).ToList();
        if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            WriteError(EtlErrors.Record(EtlErrors.NotFound(name), name));
        foreach (var document in found)
            WriteObject(Guard(() => Define(document, folder), document.Name));
    }

    /// <summary>An imported pipeline is what New-EtlPipeline makes of the file.</summary>
    private EtlPipeline Define(PipelineDocument document, string folder)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand("EtlPs\\New-EtlPipeline").AddParameters(PipelineParameters.Read(document))
            .AddParameter("Name", document.Name)
            .AddParameter("Source", Source(document.Source))
            .AddParameter("Destination", document.Destination.ToDestination(folder));
        try
        {
            return shell.Invoke<EtlPipeline>().Single();
        }
        catch (CmdletInvocationException e) when (e.ErrorRecord.Exception is EtlPsException own)
        {
            throw own;
        }
    }

    private EtlSource Source(SourceDocument document)
    {
        var (userName, password) = RoleAndPassword.Of(Credential);
        if (userName is null && document.Secret is { } secret)
            (userName, password) = SecretVault.Take(secret, InvokeCommand);
        var settings = SourceSettings.Restore(
            document.Host, document.Port, document.Database, userName ?? document.UserName, password, document.Options
            ?? []);
        return new EtlSource(() => settings) { Secret = document.Secret };
    }
}
