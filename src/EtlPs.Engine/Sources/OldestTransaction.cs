namespace EtlPs.Engine.Sources;

/// <summary>
/// The oldest transaction of a server that has written and not ended: slots keep the WAL since its beginning.
/// </summary>
/// <param name="Pid">Its session's process; null: it is prepared, and belongs to no session.</param>
/// <param name="PreparedName">Its name, where it is prepared.</param>
/// <param name="Role">Whose it is; null: the role may not see that.</param>
/// <param name="Application">What its session calls itself.</param>
/// <param name="Age">How long it is open; null: the role may not see that.</param>
public sealed record OldestTransaction(
    int? Pid, string? PreparedName, string? Role, string? Application, TimeSpan? Age);
