using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using Npgsql;

namespace EtlPs.Engine.Sources;

/// <summary>One reading statement of a user.</summary>
internal static class SourceQuery
{
    public static async Task<QueryResult> RunAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(sql))
            throw Refused("The query is empty.", null);
        // A batch command holds one statement; Npgsql would split a plain command's text and run all of it.
        var batch = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand(sql) } };
        await using (batch.ConfigureAwait(false))
        {
            NpgsqlDataReader reader;
            try
            {
                reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (NotSupportedException e)
            {
                throw Refused("The query is more than one statement, or a COPY.", e);
            }

            await using (reader.ConfigureAwait(false))
            {
                var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToList();
                var rows = new List<object?[]>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    rows.Add(ReadRow(reader));
                return new QueryResult(columns, rows);
            }
        }
    }

    private static object?[] ReadRow(NpgsqlDataReader reader)
    {
        var row = new object?[reader.FieldCount];
        for (var i = 0; i < row.Length; i++)
        {
            try
            {
                row[i] = reader.IsDBNull(i) ? null : SourceValue.ToClr(reader.GetValue(i));
            }
            catch (Exception e) when (e is InvalidCastException or OverflowException or ArgumentOutOfRangeException)
            {
                throw new EtlException(
                    EtlErrorCode.QueryFailed,
                    $"Column {reader.GetName(i)} ({reader.GetDataTypeName(i)}) holds a value that .NET has no type "
                    + "for.",
                    "Cast the column to text in the query.");
            }
        }

        return row;
    }

    public static EtlException Failed(PostgresException e) => new(
        EtlErrorCode.QueryFailed,
        ServerErrors.HoldsValues(e)
            ? $"The query failed on a value ({e.Severity}, SQLSTATE {e.SqlState})."
            : $"The query failed: {e.MessageText} ({e.Severity}, SQLSTATE {e.SqlState}).",
        e.SqlState == "25006"
            ? "Only statements that read are run here."
            : "Correct the statement; names with upper case need double quotes.",
        ServerErrors.HoldsValues(e) ? null : e);

    private static EtlException Refused(string message, Exception? inner) => new(
        EtlErrorCode.QueryFailed, message, "Write one statement that reads.", inner);
}
