using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>The tables of a pipeline that a user names.</summary>
internal static class TableSelection
{
    /// <param name="tables">All of the pipeline's.</param>
    /// <param name="name">A table's name at the source.</param>
    /// <param name="patterns">As in SQL, with wildcards; empty: all.</param>
    /// <param name="definition">The pipeline.</param>
    /// <exception cref="EtlException">TableNotFound: a name without wildcards is none of them. InvalidArgument: it is
    /// no name.</exception>
    public static IReadOnlyList<T> Select<T>(
        IReadOnlyList<T> tables, Func<T, TableName> name, IReadOnlyList<string> patterns, PipelineDefinition definition)
    {
        if (patterns.Count == 0) return tables;
        var parsed = patterns.Select(TablePattern.Parse).ToList();
        foreach (var pattern in parsed)
            if (!pattern.HasWildcard && !tables.Any(t => pattern.Matches(name(t))))
                throw new EtlException(
                    EtlErrorCode.TableNotFound,
                    $"{pattern} is no table of pipeline {definition.Name}.",
                    $"Get-EtlTable {definition.Name} lists them. Write \"…\" around upper case; "
                    + "without a schema it is public.")
                {
                    Subject = pattern.Text,
                };
        return [.. tables.Where(t => parsed.Any(p => p.Matches(name(t))))];
    }
}
