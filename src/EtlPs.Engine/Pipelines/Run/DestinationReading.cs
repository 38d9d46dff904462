using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>A look into a destination: on the instance of the run under way, else on the file, which is opened for it.</summary>
internal sealed class DestinationReading : IDisposable
{
    private readonly DuckDbFile? _owned;

    private DestinationReading(DuckDbFile file, DuckDbFile? owned)
    {
        File = file;
        _owned = owned;
        Connection = file.Connect();
    }

    public DuckDbFile File { get; }

    public DuckDBConnection Connection { get; }

    /// <exception cref="EtlException">DestinationUnavailable: there is no such file; and whatever opening it meets.</exception>
    public static DestinationReading Open(DuckDbSettings settings, DuckDbFile? running) =>
        OpenExisting(settings, running) ?? throw new EtlException(
            EtlErrorCode.DestinationUnavailable,
            $"{settings} does not exist yet.",
            "Run Start-EtlBackfill or Start-EtlStream first.")
        {
            Subject = settings.ToString(),
        };

    /// <summary>Null: the destination does not exist yet.</summary>
    public static DestinationReading? OpenExisting(DuckDbSettings settings, DuckDbFile? running)
    {
        if (running is not null) return new DestinationReading(running, null);
        // A path that can never be one is told by a plan already.
        if (settings.IsInMemory || !System.IO.File.Exists(DestinationPath.Resolve(settings.Path))) return null;
        var file = DuckDbFile.OpenReadOnly(settings);
        return new DestinationReading(file, file);
    }

    /// <summary>Null: the destination does not exist, or cannot be opened now.</summary>
    public static DestinationReading? TryOpen(DuckDbSettings settings, DuckDbFile? running)
    {
        try
        {
            return OpenExisting(settings, running);
        }
        catch (EtlException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        Connection.Dispose();
        _owned?.Dispose();
    }
}
