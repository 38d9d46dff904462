namespace EtlPs.Engine.Tests.Pipelines.Schema;

/// <summary>Which rows are changed before and after a statement.</summary>
public enum RowsBesideDdl
{
    None,
    InItsTransaction,
    InTransactionsOfTheirOwn,
}
