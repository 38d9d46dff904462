namespace EtlPs.Testing.Processes;

/// <summary>What a finished program left: its exit code, and what it wrote.</summary>
public sealed record ProcessOutcome(int ExitCode, string Output, string ErrorOutput);
