namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>What a survey is made for.</summary>
/// <param name="Restart">Whether everything is to begin anew.</param>
/// <param name="SnapshotOnly">Whether the copy is to be made without slot and publication.</param>
internal readonly record struct SurveyRequest(bool Restart, bool SnapshotOnly);
