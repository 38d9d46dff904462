namespace EtlPs.Engine.Pipelines.Events;

/// <summary>Which PowerShell stream a milestone belongs to.</summary>
public enum MilestoneLevel
{
    /// <summary>Protocol details.</summary>
    Debug,

    /// <summary>Decisions.</summary>
    Verbose,

    /// <summary>What happened.</summary>
    Information,

    /// <summary>What somebody should look at.</summary>
    Warning,
}
