using System.Threading.Channels;
using EtlPs.Testing.Postgres;
using Npgsql;

namespace EtlPs.Engine.Tests.Differential;

/// <summary>One connection that commits its transactions as it is allowed to, and notes what became of each.</summary>
internal sealed class RandomWriter(
    TestDatabase database, int number, IReadOnlyList<IReadOnlyList<string>> transactions, RunLog log)
{
    // Two writers in each other's way; the one that loses goes on with its next transaction.
    private static readonly string[] s_expected =
    [
        PostgresErrorCodes.DeadlockDetected, PostgresErrorCodes.LockNotAvailable, PostgresErrorCodes.UniqueViolation,
        PostgresErrorCodes.SerializationFailure, // a row that moved to another partition meanwhile
    ];

    private readonly Channel<int> _allowed = Channel.CreateUnbounded<int>();
    private readonly SplitMix _pauses = new((ulong)number);

    public int Committed { get; private set; }

    /// <summary>Lets it go on with this many transactions.</summary>
    public void Allow(int count)
    {
        for (var i = 0; i < count; i++) _allowed.Writer.TryWrite(i);
    }

    /// <summary>Ends after the last transaction.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await ExecuteAsync(connection, "SET lock_timeout = '10s'; SET deadlock_timeout = '50ms'", cancellationToken);
        for (var i = 0; i < transactions.Count; i++)
        {
            await _allowed.Reader.ReadAsync(cancellationToken);
            await CommitAsync(connection, i, cancellationToken);
            // Spread over the time that the pipeline needs to get going.
            await ExecuteAsync(connection, $"SELECT pg_sleep({_pauses.Below(20)} / 1000.0)", cancellationToken);
        }
    }

    private async Task CommitAsync(NpgsqlConnection connection, int transaction, CancellationToken cancellationToken)
    {
        var statements = transactions[transaction];
        for (var i = 0; i < statements.Count; i++)
        {
            try
            {
                await ExecuteAsync(connection, statements[i], cancellationToken);
            }
            catch (PostgresException e) when (s_expected.Contains(e.SqlState))
            {
                log.Write($"connection {number}, transaction {transaction}: {e.SqlState} at statement {i}");
                await ExecuteAsync(connection, "ROLLBACK", cancellationToken);
                return;
            }
            catch (PostgresException e)
            {
                throw new InvalidOperationException(
                    $"Connection {number}, transaction {transaction}: {e.MessageText}\n{statements[i]}", e);
            }
        }
        if (statements[^1] == "COMMIT") Committed++;
        log.Write($"connection {number}, transaction {transaction}: {statements[^1]}");
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
