using System.Management.Automation;
using EtlPs.Definitions;
using EtlPs.Errors;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>Writes pipelines' definitions into a file, for Import-EtlPipeline. It never holds a password.</summary>
[Cmdlet(VerbsData.Export, "EtlPipeline", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportEtlPipelineCommand : EtlPipelineCommand
{
    private readonly List<RegisteredPipeline> _pipelines = [];

    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The secret of a SecretManagement vault that Import-EtlPipeline takes the password from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SecretName { get; set; }

    /// <summary>The vault that has it; else whichever does.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Vault { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override void Process(RegisteredPipeline pipeline) => _pipelines.Add(pipeline);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_pipelines.Count == 0)
            return;
        var path = Guard(Target, Path);
        if (!ShouldProcess(
            path, $"Write the definition of {string.Join(", ", _pipelines.Select(pipeline => pipeline.Name))}"))
            return;
        var folder = System.IO.Path.GetDirectoryName(path) ?? path;
        var file = new PipelineFile { SchemaName = PipelineFile.Schema,
            Pipelines = [.. _pipelines.Select(p => Describe(p, folder))] };
        WriteObject(Guard(
            () =>
            {
                file.Save(path);
                return new FileInfo(path);
            },
            Path));
    }

    private string Target()
    {
        if (Vault is not null && SecretName is null)
            throw EtlErrors.InvalidArgument("-Vault names no secret.", "Give -SecretName, too.");
        var path = FilePath.Resolve(SessionState, Path, "Give the path of a file to write.");
        return Force || !File.Exists(path)
            ? path
            : throw EtlErrors.InvalidArgument(
                $"'{path}' is there already.", "Use -Force to replace it, or another -Path.");
    }

    private PipelineDocument Describe(RegisteredPipeline pipeline, string folder)
    {
        var source = SourceDocument.Of(
            pipeline.Source, SecretName is { } secret ? new SecretReference(secret, Vault) : null);
        if (pipeline.Source.Settings.HasPassword && source.Secret is null)
            WriteWarning(
                $"The password of pipeline {pipeline.Name} is not in the file: give Import-EtlPipeline a -Credential, "
                + "put it into pgpass, or name a secret with -SecretName.");
        return new PipelineDocument
        {
            Name = pipeline.Name,
            Source = source,
            Destination = DestinationDocument.Of(pipeline.Destination, folder),
            Parameters = PipelineParameters.Write(pipeline.Pipeline.Definition),
        };
    }
}
