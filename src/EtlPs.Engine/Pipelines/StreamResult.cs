using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines;

/// <summary>What a stream did in one run.</summary>
/// <param name="Transactions">Source transactions stored.</param>
/// <param name="Changes">Row changes and truncations stored.</param>
/// <param name="Position">The position stored in the destination at the end.</param>
/// <param name="LagBytes">WAL between that position and the server's flush position at the end.</param>
/// <param name="Elapsed">From start to end.</param>
/// <param name="EndedBy">Why it ended.</param>
/// <param name="Backfilled">The tables copied before the stream began.</param>
/// <param name="SetAside">Tables set aside, with their errors.</param>
/// <param name="Reconnects">How often a lost connection was made anew.</param>
public sealed record StreamResult(
    long Transactions,
    long Changes,
    Lsn Position,
    long LagBytes,
    TimeSpan Elapsed,
    StreamEnd EndedBy,
    IReadOnlyList<TableCopyResult> Backfilled,
    IReadOnlyList<TableCopyResult> SetAside,
    int Reconnects);
