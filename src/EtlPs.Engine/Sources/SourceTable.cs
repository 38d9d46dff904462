using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Sources;

/// <summary>A table of a source, or what looks like one, apart from any pipeline.</summary>
/// <param name="Name">Schema and name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="EstimatedRows">The planner's estimate; null: never analysed.</param>
/// <param name="Bytes">Size without indexes (of all partitions of a partitioned table), bytes.</param>
/// <param name="Key">The columns that a row is known by in the stream; empty: none, or the whole row.</param>
/// <param name="Identity">The replica identity; null where there is none, as for a view.</param>
/// <param name="Obstacle">Why a pipeline with a publication of its own cannot stream it; null: it can.</param>
public sealed record SourceTable(
    TableName Name,
    SourceTableKind Kind,
    long? EstimatedRows,
    long Bytes,
    IReadOnlyList<string> Key,
    ReplicaIdentity? Identity,
    EtlException? Obstacle);
