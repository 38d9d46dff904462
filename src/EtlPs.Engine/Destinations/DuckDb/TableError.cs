using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>Why a table was set aside, as its destination keeps it: never a value, but for the row's key.</summary>
/// <param name="Code">The error's stable code.</param>
/// <param name="Message">What happened.</param>
/// <param name="Remedy">What to do about it; null: written by a version that did not keep it.</param>
/// <param name="Column">The column, where it is about one.</param>
/// <param name="Key">The row's key in words, where it is about one.</param>
/// <param name="Since">When it was set aside, UTC; null: written by a version that did not keep it.</param>
internal sealed record TableError(
    string Code, string Message, string? Remedy = null, string? Column = null, string? Key = null,
    DateTimeOffset? Since = null)
{
    /// <param name="error">What the table met.</param>
    /// <param name="standsAt">Where its visible rows stay; null: it has none.</param>
    public static TableError Of(EtlException error, Lsn? standsAt) => new(
        error.Code.ToString(),
        standsAt is { IsKnown: true } ? $"{error.Message} The table stays as of {standsAt}." : error.Message,
        error.Remedy,
        error.Column,
        error.Key,
        // As DuckDB keeps it, so that what is read equals what was written.
        new DateTimeOffset(DateTimeOffset.UtcNow.Ticks / 10 * 10, TimeSpan.Zero));
}
