using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Pipelines.Errors;

/// <summary>One table cannot go on; the others can. Never leaves the engine.</summary>
internal sealed class TableFailedException(uint oid, TableName table, EtlException error)
    : Exception(error.Message, error)
{
    public uint Oid { get; } = oid;

    public TableName Table { get; } = table;

    public EtlException Error { get; } = error;
}
