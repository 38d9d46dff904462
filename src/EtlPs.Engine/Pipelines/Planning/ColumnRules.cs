using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Catalog;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>How a pipeline's definition has its columns carried.</summary>
internal sealed class ColumnRules(PipelineDefinition definition)
{
    private readonly ColumnChoices<UnboundedNumeric> _numeric =
        new(nameof(PipelineDefinition.UnboundedNumeric), definition.UnboundedNumeric);

    private readonly ColumnChoices<OnUnrepresentable> _unrepresentable =
        new(nameof(PipelineDefinition.OnUnrepresentable), definition.OnUnrepresentable);

    private readonly ColumnChoices<string> _names = new(nameof(PipelineDefinition.ColumnMap), definition.ColumnMap);

    /// <summary>A table as the definition has it.</summary>
    public TableSchema Apply(TableSchema table) => table with
    {
        Columns = [.. table.Columns.Select((c, i) => c with { Carriage = CarriageOf(table, c, i) })],
    };

    /// <summary>Refuses choices that are for no column, or for one that they cannot be for.</summary>
    /// <exception cref="EtlException">TableNotFound, InvalidArgument.</exception>
    public void Check(IReadOnlyList<TableSchema> tables)
    {
        CheckNames(tables);
        CheckTypes(tables);
    }

    /// <summary>Refuses choices that are for no column.</summary>
    /// <param name="tables">The pipeline's tables; one may be there as it was and as it is.</param>
    /// <exception cref="EtlException">TableNotFound, InvalidArgument.</exception>
    public void CheckNames(IReadOnlyList<TableSchema> tables)
    {
        _numeric.RequireColumns(tables);
        _unrepresentable.RequireColumns(tables);
        _names.RequireNames();
        _names.RequireColumns(tables);
    }

    /// <summary>Refuses choices for columns that they cannot be for.</summary>
    /// <exception cref="EtlException">InvalidArgument.</exception>
    public void CheckTypes(IReadOnlyList<TableSchema> tables)
    {
        foreach (var table in tables)
            for (var i = 0; i < table.Columns.Count; i++)
                CheckColumn(table, i);
    }

    private ColumnCarriage CarriageOf(TableSchema table, ColumnSchema column, int index)
    {
        var numeric = _numeric.TryFind(table.Name, column.Name, out var chosen, out _) && IsUnbounded(column.Type)
            ? chosen
            : default;
        _unrepresentable.TryFind(table.Name, column.Name, out var choice, out _);
        var isIdle = choice switch
        {
            // A row without its key could never be found again, and two rounded keys may be one.
            OnUnrepresentable.Null => table.KeyColumns.Contains(index),
            OnUnrepresentable.Round => table.KeyColumns.Contains(index) || numeric.Kind == UnboundedNumericKind.Text,
            OnUnrepresentable.Text =>
                ColumnCodecs.HoldsEveryValue(CodecCatalog.Find(column.Type, numeric), column.Type),
            _ => false,
        };
        return new ColumnCarriage(numeric, isIdle ? OnUnrepresentable.Error : choice, NameOf(table, column));
    }

    private string? NameOf(TableSchema table, ColumnSchema column)
    {
        if (!_names.TryFind(table.Name, column.Name, out var text, out _)) return null;
        const string remedy = "Write names as in SQL: @{ 'public.orders.\"Id\"' = 'id_2' }.";
        var name = QualifiedName.Parse(text, "column", "one name", 1, remedy)[0];
        if (name.HasWildcard) throw Refused(table, column, $"-ColumnMap has a wildcard in the name {text}.", remedy);
        return name.Literal == column.Name ? null : name.Literal;
    }

    private void CheckColumn(TableSchema table, int index)
    {
        var column = table.Columns[index];
        if (_numeric.TryFind(table.Name, column.Name, out _, out var isNamed) && isNamed && !IsUnbounded(column.Type))
            throw Refused(
                table, column,
                $"-UnboundedNumeric names column {TableName.Quote(column.Name)} of {table.Name}, whose type "
                + $"{column.Type.DisplayName} has a DuckDB type that holds all its digits.",
                "Leave the column out of -UnboundedNumeric.");
        if (!_unrepresentable.TryFind(table.Name, column.Name, out var choice, out isNamed) || !isNamed) return;
        var what = $"-OnUnrepresentable has {choice} for column {TableName.Quote(column.Name)} of {table.Name}";
        if (choice is OnUnrepresentable.Null or OnUnrepresentable.Round && table.KeyColumns.Contains(index))
            throw Refused(
                table, column, $"{what}, which is one of its key's: "
                + (choice == OnUnrepresentable.Null ? "a row without its key could never be found again."
                    : "two rounded keys could be one."),
                "Use Text, Error or Quarantine for it.");
        if (choice == OnUnrepresentable.Round
            && CarriageOf(table, column, index).Numeric.Kind == UnboundedNumericKind.Text)
            throw Refused(
                table, column, $"{what}, which has no values to be rounded.",
                "Only numerics carried by -UnboundedNumeric Double or Decimal(p,s) are rounded; leave the column out.");
    }

    private static EtlException Refused(TableSchema table, ColumnSchema column, string message, string remedy) =>
        new(EtlErrorCode.InvalidArgument, message, remedy) { Subject = table.Name.ToString(), Column = column.Name };

    /// <summary>Whether the type has a numeric in it that DECIMAL has no type for.</summary>
    private static bool IsUnbounded(PostgresType type) =>
        CodecCatalog.Find(type, UnboundedNumeric.Text).DuckDbType != CodecCatalog.Find(
            type, UnboundedNumeric.Double).DuckDbType;
}
