using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>What a pipeline's tables are called at its destination.</summary>
internal sealed class TableNames
{
    private const string Remedy =
        "Write names as in SQL: @{ 'public.\"Orders\"' = 'orders_2' }, or 'archive.orders' to name a schema too.";

    private readonly string? _schema;
    private readonly List<(TablePattern Source, string? Schema, string Name)> _map = [];

    /// <exception cref="EtlException">InvalidArgument: the map has what is no single table's name, or one table
    /// twice.</exception>
    public TableNames(PipelineDefinition definition)
    {
        _schema = definition.DestinationSchema;
        foreach (var (from, to) in definition.TableMap)
        {
            var source = TablePattern.Parse(from);
            var parts = QualifiedName.Parse(to, "table", "a schema and a name", 2, Remedy);
            if (source.HasWildcard || parts.Any(p => p.HasWildcard))
                throw new EtlException(
                    EtlErrorCode.InvalidArgument, $"-TableMap has a wildcard in {from} = {to}: a name is one table's.",
                    Remedy) { Subject = from };
            _map.Add((source, parts.Count == 2 ? parts[0].Literal : null, parts[^1].Literal));
        }
        SameNames.Refuse(
            nameof(PipelineDefinition.TableMap), "table", _map.Select(m => (m.Source.Text, m.Source.Only)));
    }

    public TableName DestinationOf(TableName source)
    {
        var mapped = _map.Find(m => m.Source.Matches(source));
        return new TableName(mapped.Schema ?? _schema ?? source.Schema, mapped.Name ?? source.Name);
    }

    /// <summary>A name that is no table's may be misspelt.</summary>
    /// <exception cref="EtlException">TableNotFound.</exception>
    public void RequireTables(IReadOnlyList<TableSchema> tables)
    {
        foreach (var (source, _, _) in _map)
            if (!tables.Any(t => source.Matches(t.Name)))
                throw new EtlException(
                    EtlErrorCode.TableNotFound,
                    $"-TableMap names {source}, which is no table of the pipeline.",
                    "Check schema and name: write \"…\" around upper case; without a schema it is public.")
                {
                    Subject = source.Text,
                };
    }
}
