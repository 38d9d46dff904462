using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// A look into a destination: on the instance of the run under way, else on the file, which is opened for it.
/// </summary>
internal sealed class DestinationReading : IDisposable
{
    private readonly DuckDbFile? _owned;

    private DestinationReading(DuckDbFile file, DuckDbFile? owned)
    {
        File = file;
        _owned = owned;
        file.BeginReading();
        try
        {
            Connection = file.Connect();
        }
        catch
        {
            file.EndReading();
            throw;
        }
    }

    public DuckDbFile File { get; }

    public DuckDBConnection Connection { get; }

    /// <summary>On an instance that somebody else closes; null where it is not there, or not any more.</summary>
    public static DestinationReading? TryOn(DuckDbFile? file)
    {
        try
        {
            return file is null ? null : new DestinationReading(file, null);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>On the file itself; null: there is none yet.</summary>
    public static DestinationReading? OpenExisting(DuckDbSettings settings)
    {
        // A path that can never be one is told by a plan already.
        if (settings.IsInMemory || NewDatabase.IsDue(DestinationPath.Resolve(settings.Path))) return null;
        var file = DuckDbFile.OpenReadOnly(settings);
        return new DestinationReading(file, file);
    }

    public void Dispose()
    {
        Connection.Dispose();
        File.EndReading();
        _owned?.Dispose();
    }
}
