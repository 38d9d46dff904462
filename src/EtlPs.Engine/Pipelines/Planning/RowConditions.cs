using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>Which rows a one-off copy takes: SQL conditions of a user, by table.</summary>
internal sealed class RowConditions
{
    private readonly List<(TablePattern Table, string Sql)> _conditions = [];
    private readonly PipelineDefinition _definition;

    /// <exception cref="EtlException">
    /// InvalidArgument: conditions cannot be given for such a copy, or one cannot be right.
    /// </exception>
    public RowConditions(SurveyRequest request, PipelineDefinition definition)
    {
        _definition = definition;
        if (request.Conditions is not { Count: > 0 } conditions) return;
        if (!request.SnapshotOnly)
            throw Invalid(
                "-Where copies some of a table's rows, but a stream would bring the changes of all of them.",
                "Add -SnapshotOnly for a one-off copy; or let a DBA make a publication with row filters (Postgres 15 "
                + "and later), and name it with -Publication: they hold for copy and stream.");
        foreach (var (table, sql) in conditions)
        {
            var pattern = TablePattern.Parse(table);
            if (pattern.HasWildcard)
                throw Invalid(
                    $"-Where names {table}, which may be several tables.", "Name each table without wildcards.");
            if (string.IsNullOrWhiteSpace(sql))
                throw Invalid($"-Where has no condition for {table}.", "Give one, or leave the table out of -Where.");
            _conditions.Add((pattern, sql.Trim()));
        }
    }

    /// <summary>The tables with their conditions as row filters.</summary>
    /// <exception cref="EtlException">TableNotFound: a condition is for none of them.</exception>
    public IReadOnlyList<TableSchema> ApplyTo(IReadOnlyList<TableSchema> tables)
    {
        if (_conditions.Count == 0) return tables;
        RequireTables([.. tables.Select(t => t.Name)]);
        return [.. tables.Select(t => t with { RowFilter = Find(t.Name) })];
    }

    /// <summary>A copy that was begun goes on with the rows that it was begun with.</summary>
    /// <exception cref="EtlException">TableNotFound, and InvalidArgument: the conditions are others now.</exception>
    public void CheckSame(IReadOnlyList<TableRecord> known)
    {
        if (_conditions.Count == 0) return;
        RequireTables([.. known.Select(t => t.Source)]);
        if (known.FirstOrDefault(t => t.Schema.RowFilter != Find(t.Source)) is { } other)
            throw Invalid(
                $"The copy of {other.Source} was begun with another condition than -Where has now.",
                "Use -Restart to copy anew with this one; or leave -Where out to go on with what was begun.");
    }

    private void RequireTables(IReadOnlyList<TableName> tables)
    {
        foreach (var (pattern, _) in _conditions)
            if (!tables.Any(pattern.Matches))
                throw new EtlException(
                    EtlErrorCode.TableNotFound,
                    $"-Where names {pattern}, which is no table of pipeline {_definition.Name}.",
                    "Check schema and name: write \"…\" around upper case; without a schema it is public.")
                {
                    Subject = pattern.Text,
                };
    }

    private string? Find(TableName table)
    {
        var found = _conditions.Where(c => c.Table.Matches(table)).ToList();
        return found.Count switch
        {
            0 => null,
            1 => found[0].Sql,
            _ => throw Invalid($"-Where names table {table} more than once.", "Join the conditions with AND."),
        };
    }

    private EtlException Invalid(string message, string remedy) =>
        new(EtlErrorCode.InvalidArgument, message, remedy) { Subject = _definition.Name };
}
