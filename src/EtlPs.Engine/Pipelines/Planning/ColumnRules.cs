using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>How a pipeline's definition has its columns carried.</summary>
internal sealed class ColumnRules(PipelineDefinition definition)
{
    private readonly ColumnChoices<UnboundedNumeric> _numeric =
        new(nameof(PipelineDefinition.UnboundedNumeric), definition.UnboundedNumeric);

    /// <summary>A table as the definition has it.</summary>
    public TableSchema Apply(TableSchema table) => table with
    {
        Columns = [.. table.Columns.Select(c => c with { Carriage = CarriageOf(table, c) })],
    };

    /// <summary>Refuses choices that are for no column, or for one that they cannot be for.</summary>
    /// <exception cref="EtlException">TableNotFound, InvalidArgument.</exception>
    public void Check(IReadOnlyList<TableSchema> tables)
    {
        _numeric.RequireColumns(tables);
        foreach (var table in tables)
            foreach (var column in table.Columns)
                if (_numeric.TryFind(table.Name, column.Name, out _, out var isNamed) && isNamed && !IsUnbounded(column.Type))
                    throw new EtlException(
                        EtlErrorCode.InvalidArgument,
                        $"-UnboundedNumeric names column {TableName.Quote(column.Name)} of {table.Name}, whose type {column.Type.DisplayName} has "
                        + "a DuckDB type that holds all its digits.",
                        "Leave the column out of -UnboundedNumeric.")
                    {
                        Subject = table.Name.ToString(), Column = column.Name,
                    };
    }

    private ColumnCarriage CarriageOf(TableSchema table, ColumnSchema column) => new(
        _numeric.TryFind(table.Name, column.Name, out var numeric, out _) && IsUnbounded(column.Type) ? numeric : default);

    /// <summary>Whether the type has a numeric in it that DECIMAL has no type for.</summary>
    private static bool IsUnbounded(PostgresType type) =>
        CodecCatalog.Find(type, UnboundedNumeric.Text).DuckDbType != CodecCatalog.Find(type, UnboundedNumeric.Double).DuckDbType;
}
