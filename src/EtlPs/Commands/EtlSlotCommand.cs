using System.Management.Automation;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>A cmdlet that works on the logical replication slots of a server.</summary>
public abstract class EtlSlotCommand : EtlCommand
{
    /// <summary>A connection string, a postgres:// URI, or an object from New-EtlSource.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [SourceTransform]
    [ValidateNotNull]
    public EtlSource Source { get; set; } = null!;

    /// <summary>The slots that a name or pattern stands for; a name that stands for none is an error.</summary>
    private protected IEnumerable<EtlSlot> Find(IReadOnlyList<string> names)
    {
        var slots = Await(cancel => new PostgresSource(Source.Settings)
            .ReadSlotsAsync(cancel), Guard(Source.ToString, null));
        foreach (var name in names)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var found = slots.Where(slot => pattern.IsMatch(slot.Name)).ToList();
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                WriteError(EtlErrors.Record(EtlErrors.SlotMissing(name, Source), name));
            foreach (var slot in found)
                yield return new EtlSlot(
                    Source, slot, Registry.FindBySlot(slot.Name).FirstOrDefault(IsOnThisServer)?.Name);
        }
    }

    /// <summary>
    /// Whether a pipeline's source is the server whose slots these are: a server has many names, but one identity, and
    /// a slot's name once.
    /// </summary>
    private bool IsOnThisServer(RegisteredPipeline pipeline)
    {
        if (pipeline.Source.Host == Source.Host && pipeline.Source.Port == Source.Port)
            return true;
        var here = Await(cancel => new PostgresSource(Source.Settings).ReadInstanceAsync(cancel), $"{Source}");
        try
        {
            return here == Pump.Run(
                (_, cancel) => new PostgresSource(pipeline.Source.Settings).ReadInstanceAsync(cancel), static _ => { },
                StopToken);
        }
        catch (EtlException unknown)
        {
            // A slot that is dropped cannot be had again.
            WriteWarning(
                $"Whether {pipeline.Source.Host}:{pipeline.Source.Port}, the source of pipeline {pipeline.Name}, is "
                + $"this server is not known, and its slot counts as the pipeline's. {unknown.Message}");
            return true;
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }
}
