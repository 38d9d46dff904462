using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>How a pipeline's definition has its columns carried.</summary>
internal sealed class ColumnRules(PipelineDefinition definition)
{
    private readonly ColumnChoices<UnboundedNumeric> _numeric =
        new(nameof(PipelineDefinition.UnboundedNumeric), definition.UnboundedNumeric);

    private readonly ColumnChoices<OnUnrepresentable> _unrepresentable =
        new(nameof(PipelineDefinition.OnUnrepresentable), definition.OnUnrepresentable);

    /// <summary>A table as the definition has it.</summary>
    public TableSchema Apply(TableSchema table) => table with
    {
        Columns = [.. table.Columns.Select((c, i) => c with { Carriage = CarriageOf(table, c, i) })],
    };

    /// <summary>Refuses choices that are for no column, or for one that they cannot be for.</summary>
    /// <exception cref="EtlException">TableNotFound, InvalidArgument.</exception>
    public void Check(IReadOnlyList<TableSchema> tables)
    {
        _numeric.RequireColumns(tables);
        _unrepresentable.RequireColumns(tables);
        foreach (var table in tables)
            for (var i = 0; i < table.Columns.Count; i++)
                CheckColumn(table, i);
    }

    private ColumnCarriage CarriageOf(TableSchema table, ColumnSchema column, int index)
    {
        var numeric = _numeric.TryFind(table.Name, column.Name, out var chosen, out _) && IsUnbounded(column.Type) ? chosen : default;
        _unrepresentable.TryFind(table.Name, column.Name, out var choice, out _);
        // A row without its key could never be found again.
        return new ColumnCarriage(
            numeric, choice == OnUnrepresentable.Null && table.KeyColumns.Contains(index) ? OnUnrepresentable.Error : choice);
    }

    private void CheckColumn(TableSchema table, int index)
    {
        var column = table.Columns[index];
        if (_numeric.TryFind(table.Name, column.Name, out _, out var isNamed) && isNamed && !IsUnbounded(column.Type))
            throw Refused(
                table, column, $"-UnboundedNumeric names column {TableName.Quote(column.Name)} of {table.Name}, whose type "
                + $"{column.Type.DisplayName} has a DuckDB type that holds all its digits.",
                "Leave the column out of -UnboundedNumeric.");
        if (_unrepresentable.TryFind(table.Name, column.Name, out var choice, out isNamed) && isNamed
            && choice == OnUnrepresentable.Null && table.KeyColumns.Contains(index))
            throw Refused(
                table, column, $"-OnUnrepresentable has Null for column {TableName.Quote(column.Name)} of {table.Name}, which is one of its "
                + "key's: a row without its key could never be found again.",
                "Use Text, Error or Quarantine for it.");
    }

    private static EtlException Refused(TableSchema table, ColumnSchema column, string message, string remedy) =>
        new(EtlErrorCode.InvalidArgument, message, remedy) { Subject = table.Name.ToString(), Column = column.Name };

    /// <summary>Whether the type has a numeric in it that DECIMAL has no type for.</summary>
    private static bool IsUnbounded(PostgresType type) =>
        CodecCatalog.Find(type, UnboundedNumeric.Text).DuckDbType != CodecCatalog.Find(type, UnboundedNumeric.Double).DuckDbType;
}
