using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// What a user has chosen for columns, by their names: a name counts more than a pattern, and a longer pattern more
/// than a shorter.
/// </summary>
internal sealed class ColumnChoices<T>
    where T : notnull
{
    private readonly string _parameter;
    private readonly List<(ColumnPattern Column, T Choice)> _choices;

    /// <param name="parameter">The parameter's name, for errors.</param>
    /// <param name="choices">By column names or patterns.</param>
    /// <exception cref="EtlException">InvalidArgument: one is no column's name, or two are the same
    /// column's.</exception>
    public ColumnChoices(string parameter, IReadOnlyDictionary<string, T> choices)
    {
        _parameter = parameter;
        _choices =
        [
            .. choices.Select(c => (Column: ColumnPattern.Parse(c.Key), c.Value))
                .OrderByDescending(c => c.Column.Precision).ThenBy(c => c.Column.Text, StringComparer.Ordinal),
        ];
        SameNames.Refuse(parameter, "column", _choices.Select(c => (c.Column.Text, c.Column.Only)));
    }

    /// <summary>What holds for a column.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="column">Its name.</param>
    /// <param name="choice">What was chosen.</param>
    /// <param name="isNamed">Whether it was chosen for this very column.</param>
    public bool TryFind(TableName table, string column, out T choice, out bool isNamed)
    {
        foreach (var (pattern, value) in _choices)
        {
            if (!pattern.Matches(table, column)) continue;
            (choice, isNamed) = (value, !pattern.HasWildcard);
            return true;
        }
        (choice, isNamed) = (default!, false);
        return false;
    }

    /// <summary>Refuses patterns, where each choice is for one column.</summary>
    /// <exception cref="EtlException">InvalidArgument.</exception>
    public void RequireNames()
    {
        foreach (var (pattern, _) in _choices)
            if (pattern.HasWildcard)
                throw new EtlException(
                    EtlErrorCode.InvalidArgument,
                    $"-{_parameter} names {pattern}, which may be several columns.",
                    "Name each column without wildcards: schema.table.column.")
                {
                    Subject = pattern.Text,
                };
    }

    /// <summary>A name that is no column's may be misspelt; a pattern may match nothing.</summary>
    /// <exception cref="EtlException">TableNotFound.</exception>
    public void RequireColumns(IReadOnlyList<TableSchema> tables)
    {
        foreach (var (pattern, _) in _choices)
            if (!pattern.HasWildcard && !tables.Any(t => t.Columns.Any(c => pattern.Matches(t.Name, c.Name))))
                throw new EtlException(
                    EtlErrorCode.TableNotFound,
                    $"-{_parameter} names {pattern}, which is no column of the pipeline's tables.",
                    "Check the names: write \"…\" around upper case; "
                    + "without a schema the table is in public. A pattern with a wildcard may match nothing.")
                {
                    Subject = pattern.Text,
                };
    }
}
