using System.Diagnostics;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;

namespace EtlPs.Hosting;

/// <summary>How far a copy of several tables has come in all, measured by the sizes of their rows.</summary>
internal sealed class CopyTotals
{
    // So that empty tables, too, bring it on.
    private const int TableWeight = 8192;

    // Below it, what is left is a guess.
    private const double LeastFraction = 0.01;

    private readonly Dictionary<TableName, long> _weights;
    private readonly Dictionary<TableName, TableCopyProgress> _tables = [];
    private readonly HashSet<TableName> _over = [];
    private readonly Stopwatch _sinceBegin = new();

    public CopyTotals(PipelinePlan plan) => _weights = plan.Tables
        .Where(table => table.WillCopy).ToDictionary(table => table.Source, table => table.Bytes + TableWeight);

    public int Tables => _weights.Keys.Union(_tables.Keys).Count();

    /// <summary>Tables that are copied, or will not be.</summary>
    public int TablesOver => _over.Count;

    public long Rows => _tables.Values.Sum(table => table.Rows);

    /// <summary>Bytes read from Postgres.</summary>
    public long Bytes => _tables.Values.Sum(table => table.Bytes);

    /// <summary>Since the first table's copy began.</summary>
    public double RowsPerSecond => Rows / Math.Max(_sinceBegin.Elapsed.TotalSeconds, 0.001);

    /// <summary>0 to 1; null where nothing is planned.</summary>
    public double? Fraction
    {
        get
        {
            var total = _weights.Values.Sum();
            return total == 0 ? null : _weights.Sum(table => table.Value * FractionOf(table.Key)) / total;
        }
    }

    /// <summary>Time left, if it goes on as up to now; null: nobody knows.</summary>
    public TimeSpan? Remaining =>
        Fraction is { } fraction and >= LeastFraction ? _sinceBegin.Elapsed * ((1 - fraction) / fraction) : null;

    public void Begin(TableName table)
    {
        _sinceBegin.Start();
        _tables.Remove(table);
        _over.Remove(table);
    }

    public void Update(TableCopyProgress progress)
    {
        _sinceBegin.Start();
        _tables[progress.Table] = progress;
        if (progress.Completed)
            _over.Add(progress.Table);
    }

    /// <summary>Nothing more comes of a table.</summary>
    public void End(TableName table) => _over.Add(table);

    private double FractionOf(TableName table) =>
        _over.Contains(table) ? 1 : _tables.TryGetValue(table, out var progress) ? progress.Fraction ?? 0 : 0;
}
