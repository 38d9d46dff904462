using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>What is said of a partitioned table whose rows moved without a change that Postgres sends.</summary>
internal static class PartitionErrors
{
    private const string CopyAgain = "Copy the table again with Reset-EtlTable.";

    public static EtlException Gone(TableName root, int count) => Of(
        root,
        $"{(count == 1 ? "A partition" : $"{count} partitions")} of {root} were detached or dropped since the table "
        + "was copied: Postgres sends no deletion of the rows.",
        CopyAgain);

    public static EtlException AttachedAgain(TableName root, string partition) => Of(
        root, $"Partition {partition} of {root} was detached and attached again: what changed in between was not sent.",
        CopyAgain);

    public static EtlException Attached(TableName root, string partition) => Of(
        root,
        $"Partition {partition} was attached to {root} and may hold rows from before, which Postgres does not send.",
        $"{CopyAgain} Partitions made with CREATE TABLE … PARTITION OF, or attached while empty, need no copy.");

    public static EtlException Truncated(TableName root, string partition) => Of(
        root,
        $"Partition {partition} of {root} was truncated, or all of its rows were rewritten (VACUUM FULL, CLUSTER): "
        + "Postgres does not send the TRUNCATE of a partition that is published by its root.",
        $"{CopyAgain} DELETE instead of TRUNCATE is followed, and so is TRUNCATE of {root}.");

    private static EtlException Of(TableName root, string message, string remedy) =>
        new(EtlErrorCode.SchemaChanged, message, remedy) { Subject = root.ToString() };
}
