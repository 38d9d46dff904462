using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Catalog;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Initialization;

/// <summary>
/// What a DBA does once, so that a role which owns nothing can run a pipeline: the publication, and what the role
/// needs. The slot is left to the pipeline, whose first snapshot comes from its making.
/// </summary>
/// <param name="definition">The pipeline, with the DBA's way to the source.</param>
/// <param name="role">The role that will run it; null: only the publication.</param>
public sealed class PipelineInitialization(PipelineDefinition definition, string? role)
{
    /// <summary>What is missing, by reads only; no effects: nothing is.</summary>
    public Task<PipelinePlan> PlanAsync(CancellationToken cancellationToken) =>
        WithSourceAsync(connection => PlanAsync(connection, cancellationToken), cancellationToken);

    /// <summary>Makes what is missing, all of it or nothing.</summary>
    public Task RunAsync(IPipelineObserver observer, CancellationToken cancellationToken) => WithSourceAsync(
        async connection =>
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using var closing = transaction.ConfigureAwait(false);
            var plan = await PlanAsync(connection, cancellationToken).ConfigureAwait(false);
            foreach (var effect in plan.Effects)
                await connection.ExecuteAsync(effect.Statement!, cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            foreach (var effect in plan.Effects)
                observer.Post(new Milestone($"{effect.Action}: {effect.Target}."));
            return true;
        },
        cancellationToken);

    private async Task<PipelinePlan> PlanAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var preflight = new Preflight(connection, definition.Source);
        await preflight.CheckServerAsync(cancellationToken).ConfigureAwait(false);
        var catalog = new CatalogReader(connection);
        var tables = await new TableExclusion(definition).ApplyAsync(
            await catalog.ReadTablesAsync(definition.Tables, cancellationToken).ConfigureAwait(false), catalog,
            cancellationToken)
            .ConfigureAwait(false);
        PipelineRules.RequireTables(tables, definition);
        await preflight.CheckPublishableAsync(tables, cancellationToken).ConfigureAwait(false);
        var publication = await PlanPublicationAsync(connection, catalog, tables, cancellationToken)
            .ConfigureAwait(false);
        IReadOnlyList<PlannedEffect> rights = role is null
            ? []
            : await new RoleRights(connection, role, $"{definition.Source}")
                .FindMissingAsync(tables, cancellationToken).ConfigureAwait(false);
        return new PipelinePlan(
            definition.Name, "Initialize", $"{definition.Source}", $"{definition.Destination}",
            [.. publication, .. rights], [],
            await WarnAsync(connection, cancellationToken).ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<PlannedEffect>> PlanPublicationAsync(
        NpgsqlConnection connection, CatalogReader catalog, IReadOnlyList<TableSchema> tables,
        CancellationToken cancellationToken)
    {
        var name = definition.EffectivePublication;
        var target = $"publication {name} in {definition.Source}";
        var names = tables.Select(t => t.Name).ToList();
        if (await new PublicationCatalog(connection).FindAsync(name, cancellationToken).ConfigureAwait(false) is null)
            return
            [
                new PlannedEffect(target, $"Create publication for {names.Count} tables",
                    PublicationCatalog.CreateStatement(name, names)),
            ];
        var published = await catalog.ReadPublishedTablesAsync(name, cancellationToken).ConfigureAwait(false);
        var contained = await new PublicationCatalog(connection)
            .FindContainedAsync(name, tables.Select(t => t.Oid), published.Select(t => t.Oid), cancellationToken)
            .ConfigureAwait(false);
        var missing = tables.Where(t => !contained.Contains(t.Oid)).Select(t => t.Name).ToList();
        return missing.Count == 0
            ? []
            : [new PlannedEffect(
                target, $"Add {missing.Count} tables", PublicationCatalog.AddStatement(name, missing))];
    }

    private async Task<IReadOnlyList<string>> WarnAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var level = (await connection.ReadAsync(
            "SELECT pg_catalog.current_setting('wal_level')", r => r.GetString(0), cancellationToken)
            .ConfigureAwait(false))[0];
        return level == "logical"
            ? []
            : [$"wal_level of {definition.Source.Host}:{definition.Source.Port} is {level}: no pipeline can stream "
                + "before it is logical and the server was restarted."];
    }

    private async Task<T> WithSourceAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        var connector = new PostgresConnector(definition.Source);
        var connection = await connector.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        try
        {
            // Long enough for DDL to pass; what waits for a lock holds up the table's writers.
            await connection.ExecuteAsync("SET lock_timeout = '30s'", cancellationToken).ConfigureAwait(false);
            return await work(connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw connector.Translate(e);
        }
    }
}
