using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>
/// Lists a source's tables, each with what stands in the way of streaming it: by the checks that a start makes.
/// </summary>
internal sealed class SourceTableReader(NpgsqlConnection connection, SourceSettings source)
{
    private readonly CatalogReader _catalog = new(connection);
    private readonly Preflight _preflight = new(connection, source);

    /// <summary>
    /// The tables that the patterns name; no pattern: all but those of extensions and temporary ones. Partitions are
    /// left out where their root is in.
    /// </summary>
    /// <exception cref="EtlException">TableNotFound: a name without wildcards names none.</exception>
    public async Task<IReadOnlyList<SourceTable>> ReadAsync(
        IReadOnlyList<string> patterns, CancellationToken cancellationToken)
    {
        await _preflight.CheckServerAsync(cancellationToken).ConfigureAwait(false);
        var relations = Select(await new RelationCatalog(connection).ReadAsync(cancellationToken)
            .ConfigureAwait(false), patterns);
        var schemas = await _catalog
            .ReadTablesByOidAsync([.. relations.Where(r => r.Kind is 'r' or 'p').Select(r => r.Oid)], cancellationToken)
            .ConfigureAwait(false);
        var obstacles = relations.ToDictionary(
            r => r.Oid, r => StreamObstacle.Find(r, schemas.GetValueOrDefault(r.Oid)));
        await AddRefusalsAsync(
            [.. schemas.Values.Where(t => obstacles[t.Oid] is null)], obstacles, cancellationToken)
            .ConfigureAwait(false);
        return [.. relations.Select(r => Describe(r, schemas.GetValueOrDefault(r.Oid), obstacles[r.Oid]))];
    }

    private static List<CatalogRelation> Select(List<CatalogRelation> all, IReadOnlyList<string> patterns)
    {
        var parsed = patterns.Select(TablePattern.Parse).ToList();
        foreach (var pattern in parsed)
            if (!pattern.HasWildcard && !all.Any(r => pattern.Matches(r.Name)))
                throw new EtlException(
                    EtlErrorCode.TableNotFound,
                    $"{pattern} names no table of the source.",
                    "Check schema and name: write \"…\" around upper case; without a schema it is public.")
                {
                    Subject = pattern.Text,
                };
        var selected = parsed.Count == 0
            ? all.Where(r => r is { OfExtension: false, Persistence: not 't' }).ToList()
            : all.Where(r => parsed.Any(p => p.Matches(r.Name))).ToList();
        var oids = selected.Select(r => r.Oid).ToHashSet();
        selected.RemoveAll(r => r.Ancestors.Any(oids.Contains));
        return selected;
    }

    /// <summary>
    /// The checks take many tables and refuse them together: halved until each refusal is one table's.
    /// </summary>
    private async Task AddRefusalsAsync(
        IReadOnlyList<TableSchema> tables, Dictionary<uint, EtlException?> obstacles,
        CancellationToken cancellationToken)
    {
        if (tables.Count == 0) return;
        try
        {
            await _preflight.CheckTablesAsync(tables, cancellationToken).ConfigureAwait(false);
            await _preflight.CheckPublishableAsync(tables, cancellationToken).ConfigureAwait(false);
        }
        catch (EtlException e) when (tables.Count == 1)
        {
            obstacles[tables[0].Oid] = e;
        }
        catch (EtlException)
        {
            var half = tables.Count / 2;
            await AddRefusalsAsync([.. tables.Take(half)], obstacles, cancellationToken).ConfigureAwait(false);
            await AddRefusalsAsync([.. tables.Skip(half)], obstacles, cancellationToken).ConfigureAwait(false);
        }
    }

    private static SourceTable Describe(CatalogRelation relation, TableSchema? schema, EtlException? obstacle) => new(
        relation.Name,
        relation.Kind switch
        {
            'p' => SourceTableKind.PartitionedTable,
            'v' => SourceTableKind.View,
            'm' => SourceTableKind.MaterializedView,
            'f' => SourceTableKind.ForeignTable,
            _ => SourceTableKind.Table,
        },
        relation.Size.EstimatedRows,
        relation.Size.Bytes,
        schema is null ? [] : [.. schema.KeyColumns.Select(i => schema.Columns[i].Name)],
        schema?.Identity,
        obstacle);
}
