namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>What a survey is made for.</summary>
/// <param name="Restart">Whether everything is to begin anew.</param>
/// <param name="SnapshotOnly">Whether the copy is to be made without slot and publication.</param>
/// <param name="Conditions">Which rows of tables are copied, by the tables' names; null: all.</param>
internal readonly record struct SurveyRequest(
    bool Restart, bool SnapshotOnly, IReadOnlyDictionary<string, string>? Conditions = null);
