namespace EtlPs.Engine.Changes;

/// <summary>A table as a stream sees it.</summary>
/// <param name="Schema">The columns and key that rows are read by.</param>
/// <param name="CopiedAt">
/// Changes whose commit lies before this LSN are in the copy already. It is the end of a WAL record, so a commit record
/// either ends at or below it, or begins at or above it.
/// </param>
internal sealed record StreamedTable(TableSchema Schema, Lsn CopiedAt);
