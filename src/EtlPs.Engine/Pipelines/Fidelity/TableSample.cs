using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;

namespace EtlPs.Engine.Pipelines.Fidelity;

/// <summary>Some rows of a table, read several times under one snapshot that changes nothing.</summary>
internal sealed class TableSample : IAsyncDisposable
{
    private readonly ICopySession _session;
    private readonly TableSchema _table;
    private readonly string _rows;

    private TableSample(ICopySession session, TableSchema table, string rows, int count)
    {
        _session = session;
        _table = table;
        _rows = rows;
        Count = count;
    }

    /// <summary>How many rows it has.</summary>
    public int Count { get; }

    /// <summary>Takes rows of random blocks, or of a small table all.</summary>
    public static async Task<TableSample> TakeAsync(
        PostgresConnector source, TableSchema table, int size, CancellationToken cancellationToken)
    {
        var session = await source.OpenForCopyAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await session.ExecuteAsync(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off", cancellationToken)
                .ConfigureAwait(false);
            var rows = await ChooseAsync(session, table, size, cancellationToken).ConfigureAwait(false);
            var pairs = string.Join(", ", rows.Select(r => $"({r[0]}, {SqlLiteral.Of(r[1]!)}::tid)"));
            var tids = string.Join(", ", rows.Select(r => SqlLiteral.Of(r[1]!)).Distinct());
            var condition = rows.Count == 0
                ? "FALSE"
                : $"(tableoid, ctid) IN ({pairs}) AND ctid = ANY (ARRAY[{tids}]::tid[])";
            return new TableSample(
                session, table, $"FROM {From(table)} WHERE {condition} ORDER BY tableoid, ctid", rows.Count);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Expressions of type text over its rows, in the order that <see cref="CopyAsync"/> has them.</summary>
    public Task<List<string?[]>> ReadAsync(IEnumerable<string> expressions, CancellationToken cancellationToken) =>
        _session.ReadAsync($"SELECT {string.Join(", ", expressions)} {_rows}", cancellationToken);

    /// <summary>Copies its rows as a backfill does.</summary>
    /// <param name="decode">Takes blocks, and says how much of each it used, until it says that the COPY is
    /// complete.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task CopyAsync(Action<CopyBlocks> decode, CancellationToken cancellationToken)
    {
        var reader = await _session
            .CopyAsync($"COPY (SELECT {CopyStatement.Columns(_table)} {_rows}) TO STDOUT (FORMAT BINARY)",
                cancellationToken).ConfigureAwait(false);
        await using var ending = reader.ConfigureAwait(false);
        await Task.Run(
            () =>
            {
                using var blocks = new CopyBlocks(reader, new BlockPool(), cancellationToken);
                decode(blocks);
            },
            CancellationToken.None).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private static async Task<List<string?[]>> ChooseAsync(
        ICopySession session, TableSchema table, int size, CancellationToken cancellationToken)
    {
        // Of a large table random blocks, with five times as many rows as are taken: an estimate may be wrong. A table
        // that was never analysed may be of any size: its first rows have to do.
        var estimate = await session.ReadAsync(
            $"SELECT sum(greatest(c.reltuples, 0))::int8::text FROM pg_class AS c WHERE c.oid = {table.Oid} "
            + $"OR c.oid IN (SELECT relid FROM pg_partition_tree({table.Oid}))", cancellationToken)
                .ConfigureAwait(false);
        var total = long.Parse(estimate[0][0] ?? "0", CultureInfo.InvariantCulture);
        var percent = total > 20L * size
            ? string.Create(CultureInfo.InvariantCulture, $" TABLESAMPLE SYSTEM ({500.0 * size / total:0.######})")
            : "";
        var order = total > 0 ? " ORDER BY random()" : "";
        var filter = table.RowFilter is null ? "" : $" WHERE ({table.RowFilter}\n)";
        var chosen = await session.ReadAsync(Choice(percent), cancellationToken).ConfigureAwait(false);
        return chosen.Count > 0 || percent.Length == 0
            ? chosen
            : await session.ReadAsync(Choice(""), cancellationToken).ConfigureAwait(false);

        string Choice(string sample) =>
            $"SELECT tableoid::text, ctid::text FROM {From(table)}{sample}{filter}{order} LIMIT "
            + $"{size.ToString(CultureInfo.InvariantCulture)}";
    }

    private static string From(TableSchema table) => $"{(table.Kind == 'p' ? "" : "ONLY ")}{table.Name.Quoted}";
}
