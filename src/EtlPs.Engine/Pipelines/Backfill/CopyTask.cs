namespace EtlPs.Engine.Pipelines.Backfill;

/// <summary>What one worker does next.</summary>
/// <param name="Table">The table.</param>
/// <param name="Range">What to copy of it; null: it is to be opened first.</param>
internal readonly record struct CopyTask(TableCopy Table, HeapRange? Range);
