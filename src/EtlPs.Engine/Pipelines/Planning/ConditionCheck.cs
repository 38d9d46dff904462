using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Sources;
using Npgsql;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>Asks Postgres, before a copy begins, whether it takes a user's condition. No row is read.</summary>
internal static class ConditionCheck
{
    // Of a server that shuts down: no word on the condition.
    private const string Shutdown = "57P";

    private const string LockPatience = "1s";

    /// <summary>Why it does not take the row filter of a table; null: it does.</summary>
    public static async Task<EtlException?> FindProblemAsync(
        SourceSettings source, TableSchema table, CancellationToken cancellationToken)
    {
        // In a session of its own: Npgsql breaks off one in which a statement has a parameter that nobody gives.
        var connection = await new PostgresConnector(source).OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        await connection.ExecuteAsync($"SET lock_timeout = '{LockPatience}'", cancellationToken).ConfigureAwait(false);
        // Not in parentheses, as in the copy: a condition that closes one and opens another passes one of the two at
        // most. In a batch command, which holds one statement.
        var command = new NpgsqlBatchCommand(
            $"SELECT FROM {(table.Kind == 'p' ? "" : "ONLY ")}{table.Name.Quoted} "
            + $"WHERE CASE WHEN\n{table.RowFilter}\nTHEN true END LIMIT 0");
        var batch = new NpgsqlBatch(connection) { BatchCommands = { command } };
        await using var ending = batch.ConfigureAwait(false);
        try
        {
            await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // Whoever copies the table waits for it, and hears the same.
            return null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return ServerErrors.Translate(e, source);
        }
        catch (PostgresException e) when (!e.SqlState.StartsWith(Shutdown, StringComparison.Ordinal))
        {
            // Without rows, the only values that the message can quote are the user's own.
            return new EtlException(
                EtlErrorCode.InvalidArgument,
                $"Postgres refuses the condition for table {table.Name}: {e.MessageText} (SQLSTATE {e.SqlState}).",
                "Correct it in -Where, and use -Restart where the copy was begun. Types, functions and operators that "
                + "are not Postgres's own need their schema.")
            {
                Subject = table.Name.ToString(),
            };
        }
    }
}
