using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// The tables that a pipeline which goes on takes up: its definition names them, and they are not copied yet.
/// </summary>
/// <param name="Tables">What joins; one with a problem is set aside from the start.</param>
/// <param name="ToPublish">Those of them that the pipeline's own publication does not have yet.</param>
/// <param name="Warnings">What a pattern names and cannot join, and why.</param>
/// <param name="IdleExclusions">Names that leave nothing out, and may be misspelt.</param>
internal sealed record JoiningTables(
    IReadOnlyList<SurveyedTable> Tables, IReadOnlyList<TableName> ToPublish, IReadOnlyList<string> Warnings,
    IReadOnlyList<string> IdleExclusions)
{
    /// <summary>Whether all that the definition names could be looked at.</summary>
    public bool IsKnown { get; init; } = true;

    public static JoiningTables None { get; } = new([], [], [], []);

    /// <summary>
    /// From Postgres 16 on a locked table keeps a publication from being told, and no stream waits for that.
    /// </summary>
    public static JoiningTables Later(string publication) => None with
    {
        IsKnown = false,
        Warnings =
        [
            $"A table of publication {publication} is locked, as by VACUUM FULL or ALTER TABLE: what the definition "
            + "names by now and is not followed yet joins at the next start.",
        ],
    };
}
