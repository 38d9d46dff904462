using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Stream;

/// <summary>Fetches single rows from the source by key, through the same COPY and codecs as a backfill.</summary>
/// <param name="source">The source.</param>
/// <param name="stop">
/// Gives a fetch up, which may wait for another session's lock without end: then what asks for the rows is rolled back.
/// </param>
internal sealed class SourceRows(PostgresConnector source, CancellationToken stop) : IBaseRows
{
    private const int KeysOfStatement = 1000;

    public Lsn Fetch(TableSchema table, IReadOnlyList<string[]> keys, TableAppender target, ICopyLosses losses)
    {
        foreach (var some in keys.Chunk(KeysOfStatement))
        {
            // The applier has a thread of its own, which has nothing else to do meanwhile.
            CopyAsync(table, Statement(table, some), target, losses).GetAwaiter().GetResult();
        }
        return ReadLsnAsync().GetAwaiter().GetResult();
    }

    /// <summary>Asked for after the rows were read: what they hold was written to the WAL before.</summary>
    private async Task<Lsn> ReadLsnAsync()
    {
        var connection = await source.OpenAsync(stop).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        var lsns = await connection.ReadAsync(
            "SELECT pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text", r => Lsn.Parse(r.GetString(0)), stop)
            .ConfigureAwait(false);
        return lsns[0];
    }

    private async Task CopyAsync(TableSchema table, string statement, TableAppender target, ICopyLosses losses)
    {
        var session = await source.OpenForCopyAsync(stop).ConfigureAwait(false);
        await using var closing = session.ConfigureAwait(false);
        try
        {
            var reader = await session.CopyAsync(statement, stop).ConfigureAwait(false);
            await using var ending = reader.ConfigureAwait(false);
            Decode(table, reader, target, losses);
        }
        catch (EtlException e)
            when (e.Code is EtlErrorCode.PermissionDenied or EtlErrorCode.TableNotFound or EtlErrorCode.SchemaChanged)
        {
            // Of this table alone: the others go on.
            throw new TableFailedException(table.Oid, table.Name, e);
        }
    }

    private void Decode(TableSchema table, ICopyReader reader, TableAppender target, ICopyLosses losses)
    {
        using var blocks = new CopyBlocks(reader, new BlockPool(), stop);
        var decoder = new BinaryCopyDecoder(table.Columns, ColumnCodecs.Of(table.Columns), target, losses);
        while (!decoder.IsComplete)
        {
            var block = blocks.Next();
            if (block.IsEmpty)
                throw new EtlException(
                    EtlErrorCode.ConnectionLost,
                    $"The source ended the reading of rows of {table.Name} before it was complete.",
                    "Start the stream again.");
            try
            {
                blocks.Advance(decoder.Decode(block));
            }
            catch (UnrepresentableFieldException e)
            {
                var key = CopiedRowKey.Of(table, block, e.RowOffset);
                throw new TableFailedException(
                    table.Oid, table.Name, UnrepresentableValue.Error(table, e.Column, key, e.Reason));
            }
        }
    }

    private static string Statement(TableSchema table, IEnumerable<string[]> keys)
    {
        var key = table.KeyColumns.Select(c => table.Columns[c]).ToList();
        var codecs = ColumnCodecs.Of(key);
        var rows = keys.Select(values => $"({string.Join(", ", values.Select(Literal))})");
        return $"""
            COPY (SELECT {CopyStatement.Columns(table)}
                  FROM {(table.Kind == 'p' ? "" : "ONLY ")}{table.Name.Quoted}
                  WHERE ({string.Join(", ", key.Select(c => Comparable(c, TableName.Quote(c.Name))))})
                      IN ({string.Join(", ", rows)}))
            TO STDOUT (FORMAT BINARY)
            """;

        string Literal(string value, int i) =>
            Comparable(key[i], $"CAST({codecs[i].PostgresLiteral(value)} AS {key[i].Type.DisplayName})");
    }

    private static string Comparable(ColumnSchema column, string value) =>
        HasOperatorsOfItsOwn(column.Type) ? $"pg_catalog.format('%s', {value})" : value;

    // Those are not on our search path. What a type is made of is compared by the catalog's operators.
    private static bool HasOperatorsOfItsOwn(PostgresType type) => type.Structure switch
    {
        DomainStructure domain => HasOperatorsOfItsOwn(domain.Base),
        null => type.Origin is not null,
        _ => false,
    };
}
