using EtlPs.Engine.Changes;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Destinations.DuckDb.Apply;

/// <summary>Writes the losses of a COPY with the keys of their rows.</summary>
/// <param name="table">The table.</param>
/// <param name="log">Takes them.</param>
/// <param name="columns">Which columns of the rows are taken over; null: all.</param>
internal sealed class CopyLosses(TableSchema table, LossLog log, bool[]? columns = null) : ICopyLosses
{
    private readonly bool[] _comesAsText =
        [.. table.KeyColumns.Select(c => !ColumnCodecs.Find(table.Columns[c]).ReadsBinary)];

    public void Add(int column, ReadOnlySpan<byte> block, int rowOffset, string kind)
    {
        if (columns?[column] == false) return;
        log.Add(column, kind);
        var row = new CopyRow(block, rowOffset);
        for (var i = 0; i < table.KeyColumns.Count; i++)
        {
            var field = row.Locate(table.KeyColumns[i]);
            log.AddKey(i, _comesAsText[i], block.Slice(field.Offset, field.Length));
        }
    }
}
