using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>The tables of a publication that a DBA made, as far as the user asked for them.</summary>
internal static class PublishedTables
{
    /// <param name="published">The publication's tables, with its column lists.</param>
    /// <param name="wanted">The tables that the user's patterns name.</param>
    public static IReadOnlyList<TableSchema> Select(
        IReadOnlyList<TableSchema> published, IReadOnlyList<TableSchema> wanted, PipelineDefinition definition)
    {
        if (definition.Tables.Count == 0) return published;
        var byOid = published.ToDictionary(t => t.Oid);
        var missing = wanted.Where(t => !byOid.ContainsKey(t.Oid)).Select(t => t.Name.ToString()).ToList();
        if (missing.Count > 0)
            throw new EtlException(
                EtlErrorCode.PublicationUnusable,
                $"Publication {definition.EffectivePublication} does not contain {string.Join(", ", missing)}.",
                $"Ask its owner for ALTER PUBLICATION {TableName.Quote(definition.EffectivePublication)} ADD TABLE …, "
                + "or leave the table out of -Table.")
            {
                Subject = definition.EffectivePublication,
            };
        return [.. wanted.Select(t => byOid[t.Oid])];
    }
}
