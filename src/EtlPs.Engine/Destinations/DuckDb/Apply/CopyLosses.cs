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
        if (columns?[column] == false) return;
        log.Add(column, kind);
        var row = new CopyRow(block, rowOffset);
        for (var i = 0; i < table.KeyColumns.Count; i++)
        {
            var field = row.Locate(table.KeyColumns[i]);
            log.AddKey(i, isText: false, block.Slice(field.Offset, field.Length));
        }
    }
}
