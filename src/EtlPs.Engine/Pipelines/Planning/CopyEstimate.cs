namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>What a copy is expected to take: a rule of thumb, for the order of magnitude.</summary>
/// <param name="Bytes">What the tables hold at the source, with the large values beside the rows and without
/// indexes.</param>
/// <param name="Time">How long it may take.</param>
/// <param name="WalBytes">
/// WAL that the source writes meanwhile at the rate of its past, and keeps for the slot; null: no slot keeps any, or
/// the rate is not known.
/// </param>
public sealed record CopyEstimate(long Bytes, TimeSpan Time, long? WalBytes);
