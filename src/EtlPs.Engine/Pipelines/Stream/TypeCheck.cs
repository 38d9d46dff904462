using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Run;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>
/// Follows ALTER TYPE, which the stream says nothing of: enums grow at the destination with the source's; what changes
/// the meaning of values that were copied sets their table aside.
/// </summary>
internal sealed class TypeCheck(PipelineRun run)
{
    /// <summary>Grows the table's enums where the source's have grown.</summary>
    /// <param name="table">The table as it was copied.</param>
    /// <param name="now">The table as the source has it.</param>
    /// <returns>Why the table cannot be followed any more; null: it can.</returns>
    public EtlException? Follow(TableRecord table, TableSchema now)
    {
        var grown = new List<ColumnSchema>();
        foreach (var column in table.Columns)
        {
            var type = now.Columns.FirstOrDefault(c => c.AttributeNumber == column.AttributeNumber)?.Type;
            // A column that is gone, or of another type, is told by the first row of that shape.
            if (type is null || type.Oid != column.Type.Oid)
                continue;
            switch (TypeComparison.Compare(column.Type, type))
            {
                case TypeChange.Other: return Changed(table, column);
                case TypeChange.MoreLabels: grown.Add(column with { Type = GrownType.Of(column.Type, type) }); break;
            }
        }

        if (grown.Count > 0)
            Grow(table, grown);
        return null;
    }

    private void Grow(TableRecord table, List<ColumnSchema> grown)
    {
        var schema = table.Schema with
        {
            Columns = [.. table.Columns.Select(c => grown.Find(g => g.AttributeNumber == c.AttributeNumber) ?? c)],
        };
        var record = table with { Schema = schema, DuckDbTypes = DuckDbTypes.Of(schema) };
        run.InTransaction(() =>
        {
            if (!record.DuckDbTypes.SequenceEqual(table.DuckDbTypes))
                TableDdl.ChangeTypes(run.Connection, record);
            run.State.UpsertTable(record);
        });
        foreach (var column in grown)
            run.Tell(
                $"Table {table.Source}, column {TableName.Quote(column.Name)}: {column.Type.DisplayName} has more "
                + "labels.", MilestoneLevel.Verbose);
    }

    private static EtlException Changed(TableRecord table, ColumnSchema column) => new(
        EtlErrorCode.SchemaChanged,
        $"Table {table.Source}, column {TableName.Quote(column.Name)}: the type {column.Type.DisplayName} was altered "
        + "so that values copied before mean something else.",
        "Copy the table again with Reset-EtlTable.")
    {
        Subject = table.Source.ToString(),
        Column = column.Name,
    };
}
