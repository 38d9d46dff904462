using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Tests.DuckDb;

internal static class SampleTables
{
    public static PipelineRecord Pipeline(string name) =>
        new(name, PipelineStage.Creating, "7300000000000000001", 1, "shop", $"etlps_{name}", $"etlps_{name}", true,
            Lsn.Zero, null);

    public static TableRecord Record(uint oid, TableName name, params string[] columns) =>
        new(
            "shop",
            new TableSchema(
                oid,
                name,
                [.. columns.Select((c, i) => new ColumnSchema((short)(i + 1), c, new PostgresType(23, -1, "integer"),
                    i == 0))],
                [0],
                ReplicaIdentity.Default),
            name,
            [.. columns.Select(_ => "INTEGER")],
            TableState.Pending);
}
