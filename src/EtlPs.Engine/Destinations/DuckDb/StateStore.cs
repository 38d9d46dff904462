using System.Data;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// One pipeline's state in schema <c>etlps</c>. Statements only: the caller begins and commits, so that state and data
/// are stored as one. Every text is a parameter.
/// </summary>
internal sealed class StateStore(DuckDBConnection connection, string pipeline) : IPositionStore
{
    private const string ColumnsOfFormat1 =
        "oid, source_schema, source_table, kind, replica_identity, destination_schema, destination_table, state, "
        + "copied_at, file_node, copied_rows, copied_bytes, columns, error_code, error_message, ";

    private const string ColumnsOfFormat2 = ColumnsOfFormat1
        + "row_filter, error_remedy, error_column, error_key, set_aside_at, stands_at, stands_at_commit, reset_begun, ";

    private const string ColumnsOfFormat3 = ColumnsOfFormat2 + "replay_from, ";

    private const string ColumnsOfFormat4 = ColumnsOfFormat3 + "key_index, ";

    private const string TableColumns = ColumnsOfFormat4 + "horizon, published_by";

    // A file that is only read is not brought to this version's format.
    private static string ColumnsOf(int version) => version switch
    {
        1 => ColumnsOfFormat1
            + "NULL, NULL, NULL, NULL, NULL, CASE WHEN state = 'SetAside' AND copied_at > 0 THEN copied_at END, NULL, "
            + "NULL, NULL, 0::UINTEGER, 0::UBIGINT, 0::UINTEGER",
        2 => ColumnsOfFormat2 + "NULL, 0::UINTEGER, 0::UBIGINT, 0::UINTEGER",
        3 => ColumnsOfFormat3 + "0::UINTEGER, 0::UBIGINT, 0::UINTEGER",
        4 => ColumnsOfFormat4 + "0::UBIGINT, 0::UINTEGER",
        _ => TableColumns,
    };

    /// <summary>Creates the state's tables where they are missing.</summary>
    /// <exception cref="Pipelines.Errors.EtlException">DestinationUnavailable: a newer EtlPs wrote them.</exception>
    public void EnsureSchema() => StateSchema.Ensure(connection);

    /// <summary>Whether the file holds any state: reads only, so that a plan can ask.</summary>
    /// <exception cref="Pipelines.Errors.EtlException">DestinationUnavailable: a newer EtlPs wrote it.</exception>
    public bool HasSchema() => StateSchema.Exists(connection);

    /// <summary>The pipeline; null where the destination does not know it.</summary>
    public PipelineRecord? FindPipeline()
    {
        if (!HasSchema())
            return null;
        using var command = connection.Command(
            "SELECT p.stage, p.system_identifier, p.timeline, p.database, p.slot_name, p.publication, "
            + "p.owns_publication, s.lsn, s.commit_time FROM etlps.pipelines p JOIN etlps.positions s ON s.pipeline = "
            + "p.name WHERE p.name = $1",
            pipeline);
        using var reader = command.ExecuteReader();
        if (!reader.Read())
            return null;
        return new PipelineRecord(
            pipeline,
            Enum.Parse<PipelineStage>(reader.GetString(0)),
            reader.GetString(1),
            reader.GetFieldValue<uint>(2),
            reader.GetString(3),
            reader.GetString(4),
            reader.GetString(5),
            reader.GetBoolean(6),
            new Lsn(reader.GetFieldValue<ulong>(7)),
            reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8));
    }

    /// <summary>Adds the pipeline and its position.</summary>
    public void InsertPipeline(PipelineRecord record)
    {
        connection.Execute(
            "INSERT INTO etlps.pipelines VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            pipeline, record.Stage.ToString(), record.SystemIdentifier, record.Timeline, record.Database,
            record.SlotName, record.Publication, record.OwnsPublication);
        connection.Execute(
            "INSERT INTO etlps.positions VALUES ($1, $2, $3)", pipeline, record.Position.Value, record.CommitTime);
    }

    /// <summary>Says how far the objects in the source are made.</summary>
    public void SetStage(PipelineStage stage) =>
        connection.Execute("UPDATE etlps.pipelines SET stage = $1 WHERE name = $2", stage.ToString(), pipeline);

    /// <summary>Says which timeline the source is on (it changes at a failover).</summary>
    public void SetTimeline(uint timeline) =>
        connection.Execute("UPDATE etlps.pipelines SET timeline = $1 WHERE name = $2", timeline, pipeline);

    /// <summary>Moves the position; a null commit time (a keepalive's position) keeps the last one.</summary>
    public void SavePosition(Lsn position, DateTimeOffset? commitTime)
    {
        if (commitTime is null)
            connection.Execute("UPDATE etlps.positions SET lsn = $1 WHERE pipeline = $2", position.Value, pipeline);
        else
            connection.Execute(
                "UPDATE etlps.positions SET lsn = $1, commit_time = $2 WHERE pipeline = $3",
                position.Value, commitTime, pipeline);
    }

    /// <summary>The pipeline's tables, by source name; empty where there is no state.</summary>
    public IReadOnlyList<TableRecord> ReadTables()
    {
        var tables = new List<TableRecord>();
        if (StateSchema.Version(connection) is not { } version)
            return tables;
        using var command = connection.Command(
            $"SELECT {ColumnsOf(version)} FROM etlps.tables WHERE pipeline = $1 ORDER BY source_schema, source_table, "
            + "oid",
            pipeline);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            tables.Add(ReadTable(reader));
        return tables;
    }

    /// <summary>One table; null where the pipeline does not have it.</summary>
    public TableRecord? FindTable(uint oid)
    {
        using var command = connection.Command(
            $"SELECT {TableColumns} FROM etlps.tables WHERE pipeline = $1 AND oid = $2", pipeline, oid);
        using var reader = command.ExecuteReader();
        return reader.Read() ? ReadTable(reader) : null;
    }

    /// <summary>Writes a table's row, new or in place of the one with its oid.</summary>
    public void UpsertTable(TableRecord table)
    {
        object?[] values =
        [
            pipeline, table.Oid, table.Source.Schema, table.Source.Name, table.Schema.Kind.ToString(),
            table.Schema.Identity.ToString(), table.Destination.Schema, table.Destination.Name, table.State.ToString(),
            table.CopiedAt.Value, table.FileNode, table.Rows, table.Bytes,
            StoredColumn.Write(table.Schema, table.DuckDbTypes),
            table.Error?.Code, table.Error?.Message, table.Schema.RowFilter,
            table.Error?.Remedy, table.Error?.Column, table.Error?.Key,
            table.Error?.Since, table.StandsAt?.Value, table.StandsAtCommit, table.ResetBegun,
            table.ReplayFrom?.Value, table.KeyIndex, table.Horizon, table.PublishedBy,
        ];
        var changed = connection.Execute(
            "UPDATE etlps.tables SET source_schema = $3, source_table = $4, kind = $5, replica_identity = $6, "
            + "destination_schema = $7, destination_table = $8, state = $9, copied_at = $10, file_node = $11, "
            + "copied_rows = $12, copied_bytes = $13, columns = $14, error_code = $15, error_message = $16, "
            + "row_filter = $17, error_remedy = $18, error_column = $19, error_key = $20, set_aside_at = $21, "
            + "stands_at = $22, stands_at_commit = $23, reset_begun = $24, replay_from = $25, key_index = $26, horizon "
            + "= $27, published_by = $28 WHERE pipeline = $1 AND oid = $2",
            values);
        if (changed == 0)
            connection.Execute(
                "INSERT INTO etlps.tables VALUES "
                + "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, "
                + "$22, $23, $24, $25, $26, $27, $28)",
                values);
    }

    /// <summary>
    /// Says that a table is shown and follows the pipeline: no error, and nowhere that it stands at by itself.
    /// </summary>
    public void SetReady(uint oid) => connection.Execute(
        "UPDATE etlps.tables SET state = $1, error_code = NULL, error_message = NULL, error_remedy = NULL, "
        + "error_column = NULL, error_key = NULL, set_aside_at = NULL, stands_at = NULL, stands_at_commit = NULL, "
        + "reset_begun = NULL WHERE pipeline = $2 AND oid = $3",
        nameof(TableState.Ready), pipeline, oid);

    /// <summary>Forgets a table and its ranges.</summary>
    public void DeleteTable(uint oid)
    {
        DeleteRanges(oid);
        Partitions.Delete(oid);
        Fetches.Delete(oid);
        Losses.Delete(oid);
        connection.Execute("DELETE FROM etlps.tables WHERE pipeline = $1 AND oid = $2", pipeline, oid);
    }

    /// <summary>Up to where single rows were fetched from the source.</summary>
    public FetchStore Fetches => new(connection, pipeline);

    /// <summary>What NULL was written in place of.</summary>
    public LossStore Losses => new(connection, pipeline);

    /// <summary>The trees of partitioned tables.</summary>
    public PartitionStore Partitions => new(connection, pipeline);

    /// <inheritdoc/>
    public void NoteTruncation(uint root) => Partitions.ForgetFiles(root);

    /// <summary>Adds a range to the ledger, in the transaction that holds its rows.</summary>
    public void InsertRange(RangeRecord range) =>
        connection.Execute(
            "INSERT INTO etlps.copy_ranges VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            pipeline, range.Oid, range.Heap, range.StartBlock, range.EndBlock, range.CopiedAt.Value, range.FileNode,
            range.Rows, range.Bytes);

    /// <summary>A table's ranges, by their heap and first block.</summary>
    public IReadOnlyList<RangeRecord> ReadRanges(uint oid)
    {
        var ranges = new List<RangeRecord>();
        using var command = connection.Command(
            "SELECT heap, start_block, end_block, copied_at, file_node, copied_rows, copied_bytes FROM "
            + "etlps.copy_ranges WHERE pipeline = $1 AND oid = $2 ORDER BY heap, start_block",
            pipeline, oid);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            ranges.Add(new RangeRecord(
                oid,
                reader.GetFieldValue<uint>(0),
                reader.GetFieldValue<uint>(1),
                reader.IsDBNull(2) ? null : reader.GetFieldValue<uint>(2),
                new Lsn(reader.GetFieldValue<ulong>(3)),
                reader.GetFieldValue<uint>(4),
                reader.GetInt64(5),
                reader.GetInt64(6)));
        return ranges;
    }

    /// <summary>How many ranges there are of all tables.</summary>
    public long CountRanges() =>
        (long)connection.Scalar("SELECT count(*) FROM etlps.copy_ranges WHERE pipeline = $1", pipeline)!;

    /// <summary>Voids a table's ranges: it will be copied anew.</summary>
    public void DeleteRanges(uint oid) =>
        connection.Execute("DELETE FROM etlps.copy_ranges WHERE pipeline = $1 AND oid = $2", pipeline, oid);

    /// <summary>The visible names of other pipelines' tables, shown or not.</summary>
    public IReadOnlyList<(string Pipeline, TableName Destination)> ReadOtherOwners()
    {
        if (!HasSchema())
            return [];
        using var command = connection.Command(
            "SELECT pipeline, destination_schema, destination_table FROM etlps.tables WHERE pipeline <> $1", pipeline);
        using var reader = command.ExecuteReader();
        var owners = new List<(string, TableName)>();
        while (reader.Read())
            owners.Add((reader.GetString(0), new TableName(reader.GetString(1), reader.GetString(2))));
        return owners;
    }

    /// <summary>Forgets the pipeline; its visible tables stay as they are.</summary>
    public void DeletePipeline()
    {
        connection.Execute("DELETE FROM etlps.copy_ranges WHERE pipeline = $1", pipeline);
        connection.Execute("DELETE FROM etlps.partitions WHERE pipeline = $1", pipeline);
        connection.Execute("DELETE FROM etlps.fetches WHERE pipeline = $1", pipeline);
        connection.Execute("DELETE FROM etlps.losses WHERE pipeline = $1", pipeline);
        connection.Execute("DELETE FROM etlps.tables WHERE pipeline = $1", pipeline);
        connection.Execute("DELETE FROM etlps.positions WHERE pipeline = $1", pipeline);
        connection.Execute("DELETE FROM etlps.pipelines WHERE name = $1", pipeline);
    }

    private TableRecord ReadTable(DuckDBDataReader reader)
    {
        var columns = StoredColumn.Read(reader.GetString(12));
        var keys = columns.Select((column, index) => (column.KeyOrdinal, index)).Where(c => c.KeyOrdinal is not null)
            .OrderBy(c => c.KeyOrdinal).Select(c => c.index);
        return new TableRecord(
            pipeline,
            new TableSchema(
                reader.GetFieldValue<uint>(0),
                new TableName(reader.GetString(1), reader.GetString(2)),
                [.. columns.Select(c => c.ToColumnSchema())],
                [.. keys],
                Enum.Parse<ReplicaIdentity>(reader.GetString(4)),
                reader.GetString(3)[0],
                reader.IsDBNull(15) ? null : reader.GetString(15)),
            new TableName(reader.GetString(5), reader.GetString(6)),
            columns.Any(c => c.DuckDbType is null) ? [] : [.. columns.Select(c => c.DuckDbType!)],
            Enum.Parse<TableState>(reader.GetString(7)),
            new Lsn(reader.GetFieldValue<ulong>(8)),
            reader.GetFieldValue<uint>(9),
            reader.GetInt64(10),
            reader.GetInt64(11),
            ReadError(reader),
            reader.IsDBNull(20) ? null : new Lsn(reader.GetFieldValue<ulong>(20)),
            ReadTime(reader, 21),
            ReadTime(reader, 22),
            reader.IsDBNull(23) ? null : new Lsn(reader.GetFieldValue<ulong>(23)),
            reader.GetFieldValue<uint>(24),
            reader.GetFieldValue<ulong>(25),
            reader.GetFieldValue<uint>(26));
    }

    private static TableError? ReadError(DuckDBDataReader reader) => ReadText(reader, 13) is not { } code
        ? null
        : new TableError(
            code, ReadText(reader, 14)
            ?? "", ReadText(reader, 16), ReadText(reader, 17), ReadText(reader, 18), ReadTime(reader, 19));

    private static string? ReadText(DuckDBDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);

    private static DateTimeOffset? ReadTime(DuckDBDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : reader.GetFieldValue<DateTimeOffset>(ordinal);
}
