using DuckDB.NET.Data;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Tests.Pipelines;
using EtlPs.Engine.Tests.Postgres;
using EtlPs.Testing.Postgres;

namespace EtlPs.Engine.Tests.Types;

/// <summary>
/// The whole matrix as one row through a pipeline: what is copied and what is streamed are what the source has.
/// </summary>
public sealed class TypePipelineTests(ServerPool pool)
{
    private const int LeastColumns = 90;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Every_type_arrives_as_the_source_has_it_in_a_backfill_and_a_binary_stream() =>
        CarryAsync(type => !type.NeedsText, asText: false);

    [Fact]
    public Task Every_type_arrives_as_the_source_has_it_in_a_backfill_and_a_text_stream() =>
        CarryAsync(_ => true, asText: true);

    private async Task CarryAsync(Func<TypeCase, bool> choice, bool asText)
    {
        var version = (await pool.GetServerAsync()).Version;
        List<TypeCase> types = [.. TypeMatrix.All.Where(choice).Where(type => type.IsKnownTo(version))];
        Assert.True(types.Count >= LeastColumns);
        var table = new TypeTable("public.matrix", types);
        await using var scenario = await Scenario.CreateAsync(pool, TypeMatrix.Setup + table.Create());
        // As made; from here on every session has to set what it needs.
        await scenario.ExecuteAsync(HostileSettings.Of($"DATABASE {scenario.Database.Name}"));
        await scenario.BackfillAsync();
        await AssertSameAsync(scenario, table);

        await scenario.ExecuteAsync(table.Insert(1000));
        await scenario.CatchUpAsync();
        await AssertSameAsync(scenario, table);

        await scenario.ExecuteAsync(table.Update());
        await scenario.CatchUpAsync();
        await AssertSameAsync(scenario, table);
        var begun = scenario.Events.OfType<Milestone>()
            .Where(m => m.Message.StartsWith("Streaming from", StringComparison.Ordinal));
        Assert.All(begun, milestone => Assert.Equal(
            asText, milestone.Message.EndsWith(", values as text.", StringComparison.Ordinal)));
        Assert.NotEmpty(begun);
    }

    private static async Task AssertSameAsync(Scenario scenario, TypeTable table)
    {
        await using var source = await scenario.Database.OpenAsync(Token);
        await source.ExecuteAsync($"{TypeDatabase.Settings}; SET search_path = pg_catalog, public", Token);
        using var destination = new DuckDBConnection($"DataSource={scenario.File};ACCESS_MODE=READ_ONLY");
        destination.Open();
        using (var zone = destination.CreateCommand())
        {
            zone.CommandText = "SET TimeZone = 'UTC'";
            zone.ExecuteNonQuery();
        }

        var differences = new List<string>();
        foreach (var (type, postgres, duckDb) in table.Queries())
        {
            var expected = await source.ReadAsync(postgres, r => r.GetString(0), Token);
            using var command = destination.CreateCommand();
            command.CommandText = duckDb;
            using var reader = command.ExecuteReader();
            var found = new List<string>();
            while (reader.Read())
                found.Add(reader.GetString(0));
            differences.AddRange(expected.Except(found).Select(row => $"{type}: missing {Shorten(row)}"));
            differences.AddRange(found.Except(expected).Select(row => $"{type}: too many {Shorten(row)}"));
            Assert.Equal(expected.Count, found.Count);
        }

        Assert.Empty(differences);
    }

    private static string Shorten(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
