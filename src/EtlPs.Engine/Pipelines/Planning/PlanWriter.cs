using System.Globalization;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>Puts a survey into the words of a plan.</summary>
internal sealed class PlanWriter(PipelineDefinition definition, Survey survey, CopyForecast forecast)
{
    public PipelinePlan Backfill(BackfillOptions options)
    {
        var effects = new List<PlannedEffect>();
        AddStart(effects);
        AddCopy(effects);
        var warnings = survey.Warnings.ToList();
        if (survey.UsesSlot && !options.SnapshotOnly)
            warnings.Add(
                $"Slot {definition.EffectiveSlotName} keeps the source's WAL until a stream of this pipeline runs.");
        return Plan("Backfill", effects, warnings, copies: true);
    }

    public PipelinePlan Stream(StreamOptions options)
    {
        var effects = new List<PlannedEffect>();
        AddStart(effects);
        if (!options.SkipBackfill || !survey.StartsAnew) AddCopy(effects);
        effects.Add(new PlannedEffect(
            Destination,
            $"Follow changes of {survey.Tables.Count(t => t.Problem is null)} tables from slot "
            + $"{definition.EffectiveSlotName}"));
        return Plan("Stream", effects, survey.Warnings, copies: !options.SkipBackfill || !survey.StartsAnew);
    }

    private string Destination => $"{definition.Destination}";

    private string Server => $"{definition.Source}";

    private void AddStart(List<PlannedEffect> effects)
    {
        if (!survey.StartsAnew)
        {
            AddFailover(effects);
            AddJoining(effects);
            return;
        }
        var visible = survey.EarlierTables.Count(t => t.HasVisibleRows);
        if (visible > 0)
            effects.Add(new PlannedEffect(Destination, $"Drop {visible} copied tables of pipeline {definition.Name}"));
        AddDrops(effects);
        if (!survey.UsesSlot) return;
        if (definition.Publication is null)
        {
            var carried = survey.Tables.Where(t => t.Problem is null).Select(t => t.Record.Source).ToList();
            effects.Add(new PlannedEffect(
                $"publication {definition.EffectivePublication} in {Server}",
                $"Create publication for {carried.Count} tables",
                PublicationCatalog.CreateStatement(definition.EffectivePublication, carried)));
        }
        effects.Add(new PlannedEffect(
            $"replication slot {definition.EffectiveSlotName} on {Server}", "Create logical replication slot",
            $"CREATE_REPLICATION_SLOT {definition.EffectiveSlotName} LOGICAL "
            + $"pgoutput{(definition.FailoverSlot ? " (FAILOVER true)" : "")}"));
    }

    private void AddFailover(List<PlannedEffect> effects)
    {
        if (survey.EnablesFailover)
            effects.Add(new PlannedEffect(
                $"replication slot {definition.EffectiveSlotName} on {Server}", "Let standbys keep a copy of it",
                FailoverSlot.Statement(definition.EffectiveSlotName)));
    }

    private void AddJoining(List<PlannedEffect> effects)
    {
        if (survey.Joining.ToPublish is { Count: > 0 } tables)
            effects.Add(new PlannedEffect(
                $"publication {definition.EffectivePublication} in {Server}", $"Add {tables.Count} tables",
                PublicationCatalog.AddStatement(definition.EffectivePublication, tables)));
    }

    private void AddDrops(List<PlannedEffect> effects)
    {
        if (survey.SlotToDrop is { } slot)
            effects.Add(new PlannedEffect(
                $"replication slot {slot.Name} on {Server}", "Drop replication slot",
                SlotCatalog.DropStatement(slot.Name)));
        if (survey.PublicationToDrop is { } publication)
            effects.Add(new PlannedEffect(
                $"publication {publication.Name} in {Server}", "Drop publication",
                PublicationCatalog.DropStatement(publication.Name)));
    }

    private void AddCopy(List<PlannedEffect> effects)
    {
        var copies = survey.TablesToCopy.ToList();
        if (copies.Count == 0) return;
        var inPart = copies.Count(t => t.Record.Schema.RowFilter is not null);
        effects.Add(new PlannedEffect(
            Destination,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Copy {copies.Count} tables, {copies.Sum(t => t.Size?.Bytes ?? 0) / 1048576.0:0.#} MB")
            + (inPart > 0 ? $", of {inPart} only the rows that a condition lets in" : "")));
    }

    private PipelinePlan Plan(
        string operation, List<PlannedEffect> effects, IReadOnlyList<string> warnings, bool copies) => new(
        definition.Name, operation, Server, Destination, effects,
        [.. survey.Tables.Select(t => Describe(t, copies && t.NeedsCopy))],
        warnings, copies ? forecast.Total : null);

    private PlannedTable Describe(SurveyedTable table, bool willCopy)
    {
        var record = table.Record;
        var planned = new PlannedTable(
            record.Source, record.Destination, record.State, willCopy, table.Size?.EstimatedRows, table.Size?.Bytes
            ?? 0, table.Problem);
        return willCopy
            ? planned with
            {
                Ranges = forecast.RangesOf(record.Oid),
                SourceStatement = CopyStatement.For(
                    record.Schema, new Heap(record.Oid, record.Source.Quoted, 0, 0, 0), CopyRange.Whole),
                DestinationStatement = TableDdl.CreateStatement(record, record.Destination),
            }
            : planned;
    }
}
