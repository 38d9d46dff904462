using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>A session that copies, and the little that has to be said before. One call at a time.</summary>
/// <exception cref="EtlException">From every call: what the server or the network reports, in its typed
/// form.</exception>
internal interface ICopySession : IAsyncDisposable
{
    /// <summary>Runs statements; several are separated by semicolons.</summary>
    Task ExecuteAsync(string sql, CancellationToken cancellationToken);

    /// <summary>The rows of a query whose columns are all of type text.</summary>
    Task<List<string?[]>> ReadAsync(string sql, CancellationToken cancellationToken);

    /// <summary>Starts a COPY … TO STDOUT (FORMAT BINARY). Dispose the reader before the next call.</summary>
    Task<ICopyReader> CopyAsync(string statement, CancellationToken cancellationToken);
}
