using System.Text;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb.Apply;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// Writes the losses of one table as they come, in the transaction that writes NULL in their place. Costs nothing before the
/// first one.
/// </summary>
/// <param name="connection">The transaction's connection.</param>
/// <param name="pipeline">The pipeline.</param>
/// <param name="table">The table.</param>
/// <param name="isHidden">Whether its rows are under its hidden name.</param>
/// <param name="lsn">What they are as of; null: the caller says when the transaction ends.</param>
internal sealed class LossLog(DuckDBConnection connection, string pipeline, TableSchema table, bool isHidden, Lsn? lsn) : IDisposable
{
    private RowAppender? _appender;

    /// <summary>Whether the table's rows are under its hidden name.</summary>
    public bool IsHidden => isHidden;

    /// <param name="column">Which of the table's columns.</param>
    /// <param name="key">The row's key in words; empty: the table has none.</param>
    /// <param name="kind">The kind of value, never the value.</param>
    public void Add(int column, string key, string kind)
    {
        _appender ??= new RowAppender(connection, null, StateSchema.Name, "losses");
        var row = _appender.BeginRow();
        Text(0, row, pipeline);
        _appender[1].Set(row, table.Oid);
        _appender[2].Set(row, isHidden);
        Text(3, row, table.Name.Schema);
        Text(4, row, table.Name.Name);
        Text(5, row, table.Columns[column].Name);
        if (key.Length > 0) Text(6, row, key);
        else _appender[6].SetNull(row);
        if (lsn is { } known) _appender[7].Set(row, known.Value);
        else _appender[7].SetNull(row);
        Text(8, row, kind);
        _appender[9].Set(row, (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
    }

    /// <summary>Hands all losses to the transaction; returns whether there were any.</summary>
    public bool Close()
    {
        if (_appender is null) return false;
        _appender.Close();
        Dispose();
        return true;
    }

    public void Dispose()
    {
        _appender?.Dispose();
        _appender = null;
    }

    private void Text(int column, int row, string text)
    {
        var bytes = _appender![column].Allocate(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, bytes);
        _appender[column].SetBytes(row, bytes);
    }
}
