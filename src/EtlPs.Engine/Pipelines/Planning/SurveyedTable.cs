using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>One table as a run finds it.</summary>
/// <param name="Record">As the destination knows it, or would know it.</param>
/// <param name="Size">Its size at the source; null: not looked at.</param>
/// <param name="Problem">Why it cannot be copied; the other tables can.</param>
internal sealed record SurveyedTable(TableRecord Record, TableSize? Size, EtlException? Problem)
{
    /// <summary>Whether its rows are still to be copied.</summary>
    public bool NeedsCopy => Problem is null && Record.State is TableState.Pending or TableState.Copying;
}
