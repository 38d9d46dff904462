using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>Whether tables that are copied already look as the pipeline's definition has them now.</summary>
internal sealed class DefinitionCheck(PipelineDefinition definition, ColumnRules rules)
{
    /// <param name="known">The tables as the destination has them.</param>
    /// <param name="resets">Those that are about to be copied again, as the definition has them; null: none.</param>
    /// <exception cref="EtlException">DefinitionChanged; TableNotFound, InvalidArgument: the definition says what cannot be.</exception>
    public void Check(IReadOnlyList<TableRecord> known, IReadOnlySet<uint>? resets)
    {
        rules.Check([.. known.Select(t => t.Schema)]);
        foreach (var table in known)
            if (table.State is TableState.Ready or TableState.CatchingUp && resets?.Contains(table.Oid) != true)
                CheckColumns(table);
    }

    private void CheckColumns(TableRecord table)
    {
        var types = DuckDbTypes.Of(rules.Apply(table.Schema));
        for (var i = 0; i < types.Count; i++)
            if (types[i] != table.DuckDbTypes[i])
                throw new EtlException(
                    EtlErrorCode.DefinitionChanged,
                    $"Column {TableName.Quote(table.Columns[i].Name)} of {table.Source} was copied as {table.DuckDbTypes[i]}, and would be "
                    + $"{types[i]} as pipeline {definition.Name} is defined now.",
                    $"Define the pipeline as before, or copy the table again as it is defined now: Reset-EtlTable {definition.Name} '{table.Source}'.")
                {
                    Subject = table.Source.ToString(), Column = table.Columns[i].Name,
                };
    }
}
