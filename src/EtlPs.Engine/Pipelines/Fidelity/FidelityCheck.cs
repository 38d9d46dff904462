using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Backfill;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Pipelines.Run;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Types;

namespace EtlPs.Engine.Pipelines.Fidelity;

/// <summary>
/// Carries a sample of a table's rows into DuckDB in memory, as a backfill would, and compares what both sides say of
/// them: by SQL of their own, which no codec has a part in. Reads only.
/// </summary>
internal sealed class FidelityCheck(PipelineDefinition definition, int sampleSize)
{
    private readonly PostgresConnector _source = new(definition.Source);

    /// <param name="patterns">Table names as in SQL, with wildcards; empty: all of the pipeline's.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<IReadOnlyList<ColumnFidelity>> RunAsync(
        IReadOnlyList<string> patterns, CancellationToken cancellationToken)
    {
        var tables = await ReadTablesAsync(cancellationToken).ConfigureAwait(false);
        using var file = DuckDbFile.Open(new DuckDbSettings(DuckDbSettings.InMemory));
        using var connection = file.Connect();
        var columns = new List<ColumnFidelity>();
        foreach (var table in TableSelection.Select(tables, t => t.Name, patterns, definition))
            columns.AddRange(await CheckAsync(connection, table, cancellationToken).ConfigureAwait(false));
        return columns;
    }

    private async Task<IReadOnlyList<TableSchema>> ReadTablesAsync(CancellationToken cancellationToken)
    {
        var source = await _source.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = source.ConfigureAwait(false);
        return await new Surveyor(definition, source, null).ReadSchemasAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<IEnumerable<ColumnFidelity>> CheckAsync(
        DuckDBConnection connection, TableSchema table, CancellationToken cancellationToken)
    {
        var codecs = ColumnCodecs.Of(table.Columns);
        var forms = table.Columns.Select(CanonicalForms.Of).ToList();
        var losses = new SampleLosses(codecs.Length);
        var sample = await TableSample.TakeAsync(_source, table, sampleSize, cancellationToken).ConfigureAwait(false);
        await using var ending = sample.ConfigureAwait(false);
        connection.Execute(
            $"CREATE OR REPLACE TABLE sample ({string.Join(", ", codecs.Select((c, i) => $"c{i} {c.DuckDbType}"))})");
        await sample.CopyAsync(blocks => Decode(connection, table, codecs, losses, blocks), cancellationToken)
            .ConfigureAwait(false);
        var expected = await sample.ReadAsync(
            forms.Select((f, i) => f?.Postgres(TableName.Quote(table.Columns[i].Name)) ?? "NULL::text"),
            cancellationToken)
            .ConfigureAwait(false);
        var differing = CountDiffering(connection, forms, expected, losses);
        return table.Columns.Select((column, i) => new ColumnFidelity(
            table.Name, column.Name, column.Type.DisplayName, codecs[i].DuckDbType, expected.Count,
            losses.Count(i) + differing[i] > 0 ? false : forms[i] is null ? null : true,
            Reason(column, losses, i, differing[i], forms[i] is null)));
    }

    /// <summary>All columns give way, so that one value does not hide the others.</summary>
    private static void Decode(
        DuckDBConnection connection, TableSchema table, ColumnCodec[] codecs, SampleLosses losses, CopyBlocks blocks) =>
        connection.InTransaction(() =>
        {
            using var appender = new TableAppender(connection, null, "main", "sample");
            var decoder = new BinaryCopyDecoder(
                [.. table.Columns.Select(
                    c => c with { Carriage = c.Carriage with { OnUnrepresentable = OnUnrepresentable.Null } })],
                codecs, appender, losses);
            while (!decoder.IsComplete)
            {
                var block = blocks.Next();
                if (block.IsEmpty)
                    throw new EtlException(
                        EtlErrorCode.ProtocolViolation,
                        $"The sample of {table.Name} ended before Postgres said that it was complete.", "Try again.");
                blocks.Advance(decoder.Decode(block));
            }
            appender.Close();
        });

    /// <summary>
    /// How many values of each column come out as something else; one that is lost is counted already.
    /// </summary>
    private static int[] CountDiffering(
        DuckDBConnection connection, List<CanonicalForm?> forms, List<string?[]> expected, SampleLosses losses)
    {
        var differing = new int[forms.Count];
        using var command = connection.Command(
            $"SELECT {string.Join(", ", forms.Select((f, i) => f?.DuckDb($"c{i}") ?? "NULL::VARCHAR"))} FROM sample "
            + "ORDER BY rowid");
        using var reader = command.ExecuteReader();
        foreach (var row in expected)
        {
            if (!reader.Read())
                throw new InvalidOperationException("The sample has fewer rows in DuckDB than in Postgres.");
            for (var i = 0; i < differing.Length; i++)
                if (!string.Equals(row[i], reader.IsDBNull(i) ? null : reader.GetString(i), StringComparison.Ordinal))
                    differing[i]++;
        }
        for (var i = 0; i < differing.Length; i++)
            if (forms[i] is not null) differing[i] -= losses.Count(i);
        return differing;
    }

    private static string? Reason(
        ColumnSchema column, SampleLosses losses, int index, int differing, bool isNotCompared)
    {
        var reasons = losses.Describe(index).ToList();
        if (differing > 0) reasons.Add($"values that come out as others ({differing})");
        if (reasons.Count > 0) return string.Join(", ", reasons);
        return isNotCompared ? $"values of {column.Type.DisplayName} are read, and not compared" : null;
    }
}
