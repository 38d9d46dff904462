namespace EtlPs.Engine.Postgres.Wire;

/// <summary>What a second connection needs to cancel a session's statement.</summary>
internal readonly record struct BackendKey(int ProcessId, int Secret);
