namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// One thing a run will create, change or drop, in words that complete "Performing the operation … on target …".
/// </summary>
/// <param name="Target">The object: <c>slot etlps_shop on db1:5432/shop</c>.</param>
/// <param name="Action">What is done: <c>Create logical replication slot</c>.</param>
/// <param name="Statement">The SQL or replication command, where it is one.</param>
public sealed record PlannedEffect(string Target, string Action, string? Statement = null);
