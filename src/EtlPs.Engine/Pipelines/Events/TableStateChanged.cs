using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Events;

/// <summary>A table came into another state; with the error where it was set aside.</summary>
public sealed record TableStateChanged(TableName Table, TableState State, EtlException? Error = null) : PipelineEvent;
