namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>What a survey is made for.</summary>
/// <param name="Restart">Whether everything is to begin anew.</param>
/// <param name="SnapshotOnly">Whether the copy is to be made without slot and publication.</param>
/// <param name="Conditions">Which rows of tables are copied, by the tables' names; null: all.</param>
/// <param name="Resets">The tables that are about to be copied again, as the pipeline is defined now; null:
/// none.</param>
internal readonly record struct SurveyRequest(
    bool Restart, bool SnapshotOnly, IReadOnlyDictionary<string, string>? Conditions = null,
    IReadOnlySet<uint>? Resets = null);
