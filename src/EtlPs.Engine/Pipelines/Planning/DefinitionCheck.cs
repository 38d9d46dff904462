using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>Whether tables that are copied already look as the pipeline's definition has them now.</summary>
internal sealed class DefinitionCheck(PipelineDefinition definition, ColumnRules rules, TableNames names)
{
    /// <summary>Whether a table's columns are those that were copied, and neither to be copied nor set aside.</summary>
    public static bool IsBound(TableRecord table, IReadOnlySet<uint>? resets) =>
        table.State is TableState.Ready or TableState.CatchingUp && resets?.Contains(table.Oid) != true;

    /// <param name="known">The tables as the destination has them.</param>
    /// <param name="resets">Those that are about to be copied again, as the definition has them; null: none.</param>
    /// <param name="now">Tables that are not bound to what was copied, as the source has them; who is gone is not
    /// there.</param>
    /// <param name="joining">Tables that are about to be copied for the first time.</param>
    /// <exception cref="EtlException">DefinitionChanged; TableNotFound, InvalidArgument: the definition says what
    /// cannot be.</exception>
    public void Check(
        IReadOnlyList<TableRecord> known, IReadOnlySet<uint>? resets, IReadOnlyDictionary<uint, TableSchema> now,
        JoiningTables joining)
    {
        var added = joining.Tables.Select(t => t.Record.Schema).ToList();
        // What a table is set aside for may have come, or gone, since: either choice is fine until it is copied again.
        if (joining.IsKnown) rules.CheckNames([.. known.Select(t => t.Schema), .. now.Values, .. added]);
        rules.CheckTypes(
        [
            .. known.Where(t => t.State != TableState.SetAside || resets?.Contains(t.Oid) == true)
                .Select(t => now.GetValueOrDefault(t.Oid, t.Schema)),
            .. added,
        ]);
        if (joining.IsKnown) names.RequireTables([.. known.Select(t => t.Schema), .. added]);
        foreach (var table in known) CheckName(table);
        CheckColumns(known, resets);
    }

    // The rows that are visible would stay under the earlier name.
    private void CheckName(TableRecord table)
    {
        if (names.DestinationOf(table.Source) is var name && name != table.Destination)
            throw new EtlException(
                EtlErrorCode.DefinitionChanged,
                $"{table.Source} was copied to {table.Destination}, and would be {name} as pipeline {definition.Name} "
                + "is defined now.",
                "Define the pipeline as before, with the same -DestinationSchema and -TableMap, or copy anew with "
                + "-Restart.")
            {
                Subject = table.Source.ToString(),
            };
    }

    private void CheckColumns(IReadOnlyList<TableRecord> known, IReadOnlySet<uint>? resets)
    {
        var changed = known.Where(t => IsBound(t, resets)).Select(t => (Table: t, Change: FindChange(t)))
            .Where(c => c.Change is not null).ToList();
        if (changed.Count == 0) return;
        var (table, change) = changed[0];
        // One without the others would be refused for their sake.
        var again = known.Where(t => resets?.Contains(t.Oid) == true).Concat(changed.Select(c => c.Table))
            .Select(t => $"'{t.Source}'");
        throw new EtlException(
            EtlErrorCode.DefinitionChanged,
            $"Column {TableName.Quote(table.Columns[change!.Value.Column].Name)} of {table.Source} was copied "
            + $"{change.Value.What} as pipeline {definition.Name} is defined now.",
            "Define the pipeline as before, or copy again as it is defined now what that concerns: "
            + $"Reset-EtlTable {definition.Name} {string.Join(", ", again)}.")
        {
            Subject = table.Source.ToString(), Column = table.Columns[change.Value.Column].Name,
        };
    }

    private (int Column, string What)? FindChange(TableRecord table)
    {
        var now = rules.Apply(table.Schema);
        var types = DuckDbTypes.Of(now);
        for (var i = 0; i < now.Columns.Count; i++)
            if (now.Columns[i].DestinationName != table.Columns[i].DestinationName)
                return (i,
                    $"to {TableName.Quote(table.Columns[i].DestinationName)}, and would be "
                    + $"{TableName.Quote(now.Columns[i].DestinationName)}");
        for (var i = 0; i < types.Count; i++)
            if (types[i] != table.DuckDbTypes[i])
                return (i, $"as {table.DuckDbTypes[i]}, and would be {types[i]}");
        return null;
    }
}
