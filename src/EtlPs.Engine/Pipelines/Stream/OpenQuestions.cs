using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// What was seen of tables in the catalog and the stream may still explain, or tell better: open until the stream has
/// come to where it was seen first.
/// </summary>
internal sealed class OpenQuestions
{
    private readonly Dictionary<uint, Lsn> _due = [];

    /// <summary>Where the stream has to be for the next answer; null: nothing is open.</summary>
    public Lsn? Due => _due.Count == 0 ? null : _due.Values.Min();

    /// <summary>Asks, if that was not done before, and says whether the answer is still to come.</summary>
    /// <param name="table">The table's oid.</param>
    /// <param name="seen">Where the WAL ended when the catalog had been looked at.</param>
    /// <param name="position">Up to where everything is stored.</param>
    public bool AreOpen(uint table, Lsn seen, Lsn position)
    {
        if (!_due.TryGetValue(table, out var due)) _due[table] = due = seen;
        if (position < due) return true;
        _due.Remove(table);
        return false;
    }

    /// <summary>The catalog asks nothing of this table any more.</summary>
    public void Forget(uint table) => _due.Remove(table);

    /// <summary>Tables that are not followed any more have nothing to be answered.</summary>
    public void Keep(IEnumerable<uint> tables)
    {
        foreach (var gone in _due.Keys.Except(tables).ToList()) _due.Remove(gone);
    }
}
