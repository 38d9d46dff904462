using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>One table as a run would treat it.</summary>
/// <param name="Source">The table in Postgres.</param>
/// <param name="Destination">The table in DuckDB.</param>
/// <param name="State">Its state before the run.</param>
/// <param name="WillCopy">Whether the run copies it.</param>
/// <param name="EstimatedRows">The planner's estimate; null: never analysed.</param>
/// <param name="Bytes">Size without indexes, bytes.</param>
/// <param name="Problem">Why it will be set aside.</param>
/// <param name="Ranges">About how many ranges it is copied in; 0: it is not copied.</param>
/// <param name="SourceStatement">What its rows are read with; a range adds its blocks. Null: it is not copied.</param>
/// <param name="DestinationStatement">What makes it in DuckDB; null: it is there, or is not copied.</param>
public sealed record PlannedTable(
    TableName Source,
    TableName Destination,
    TableState State,
    bool WillCopy,
    long? EstimatedRows,
    long Bytes,
    EtlException? Problem,
    int Ranges = 0,
    string? SourceStatement = null,
    string? DestinationStatement = null);
