using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>Whether tables that are copied already look as the pipeline's definition has them now.</summary>
internal sealed class DefinitionCheck(PipelineDefinition definition, ColumnRules rules, TableNames names)
{
    /// <param name="known">The tables as the destination has them.</param>
    /// <param name="resets">Those that are about to be copied again, as the definition has them; null: none.</param>
    /// <exception cref="EtlException">DefinitionChanged; TableNotFound, InvalidArgument: the definition says what cannot be.</exception>
    public void Check(IReadOnlyList<TableRecord> known, IReadOnlySet<uint>? resets)
    {
        rules.Check([.. known.Select(t => t.Schema)]);
        names.RequireTables([.. known.Select(t => t.Schema)]);
        foreach (var table in known) CheckName(table);
        foreach (var table in known)
            if (table.State is TableState.Ready or TableState.CatchingUp && resets?.Contains(table.Oid) != true)
                CheckColumns(table);
    }

    // The rows that are visible would stay under the earlier name.
    private void CheckName(TableRecord table)
    {
        if (names.DestinationOf(table.Source) is var name && name != table.Destination)
            throw new EtlException(
                EtlErrorCode.DefinitionChanged,
                $"{table.Source} was copied to {table.Destination}, and would be {name} as pipeline {definition.Name} is defined now.",
                "Define the pipeline as before, with the same -DestinationSchema and -TableMap, or copy anew with -Restart.")
            {
                Subject = table.Source.ToString(),
            };
    }

    private void CheckColumns(TableRecord table)
    {
        var now = rules.Apply(table.Schema);
        var types = DuckDbTypes.Of(now);
        for (var i = 0; i < now.Columns.Count; i++)
            if (now.Columns[i].DestinationName != table.Columns[i].DestinationName)
                throw Changed(
                    table, i, $"to {TableName.Quote(table.Columns[i].DestinationName)}, and would be {TableName.Quote(now.Columns[i].DestinationName)}");
        for (var i = 0; i < types.Count; i++)
            if (types[i] != table.DuckDbTypes[i])
                throw Changed(table, i, $"as {table.DuckDbTypes[i]}, and would be {types[i]}");
    }

    private EtlException Changed(TableRecord table, int column, string what) => new(
        EtlErrorCode.DefinitionChanged,
        $"Column {TableName.Quote(table.Columns[column].Name)} of {table.Source} was copied {what} as pipeline {definition.Name} is "
        + "defined now.",
        $"Define the pipeline as before, or copy the table again as it is defined now: Reset-EtlTable {definition.Name} '{table.Source}'.")
    {
        Subject = table.Source.ToString(), Column = table.Columns[column].Name,
    };
}
