using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>Writes the losses of a COPY with the keys of their rows.</summary>
/// <param name="table">The table.</param>
/// <param name="log">Takes them.</param>
/// <param name="columns">Which columns of the rows are taken over; null: all.</param>
internal sealed class CopyLosses(TableSchema table, LossLog log, bool[]? columns = null) : ICopyLosses
{
    public void Add(int column, ReadOnlySpan<byte> block, int rowOffset, string kind)
    {
        if (columns is null || columns[column]) log.Add(column, CopiedRowKey.Of(table, block, rowOffset, int.MaxValue), kind);
    }
}
