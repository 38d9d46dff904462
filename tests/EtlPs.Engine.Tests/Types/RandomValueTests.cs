using System.Globalization;
using EtlPs.Engine.Tests.Differential;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Random values through a live server. In the suite some of a fixed seed; see docs/design/testing.md for the long form.</summary>
public sealed class RandomValueTests(TypeDatabase database) : IClassFixture<TypeDatabase>
{
    /// <summary>How many values of each type there are in the long form.</summary>
    public const string CountVariable = "ETLPS_TYPE_CASES";

    private const int SuiteCount = 60;

    public static IEnumerable<TheoryDataRow<string>> Types => RandomText.Types.Select(type => new TheoryDataRow<string>(type));

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Random_values_arrive_as_the_server_has_them(string name)
    {
        var isLong = Environment.GetEnvironmentVariable(CountVariable) is { Length: > 0 };
        var count = isLong ? int.Parse(Environment.GetEnvironmentVariable(CountVariable)!, CultureInfo.InvariantCulture) : SuiteCount;
        var seed = Environment.GetEnvironmentVariable(DifferentialTests.SeedVariable) is { Length: > 0 } text
            ? ulong.Parse(text, CultureInfo.InvariantCulture)
            : isLong ? (ulong)Random.Shared.Next() : 1;
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}");
        var random = new RandomText(new SplitMix(seed));
        string[] values = [.. Enumerable.Range(0, count).Select(_ => random.Of(name))];

        var type = TypeMatrix.All.FirstOrDefault(t => t.PostgresType == name) ?? TypeMatrix.Find(name[..^2]).Array();
        await using var trip = await TypeRoundTrip.BeginAsync(await database.OpenAsync(), type, values);
        var expected = await trip.ExpectedAsync();
        Assert.Equal(count, expected.Count);
        Assert.Equal(expected, await trip.CopiedAsync());
        Assert.Equal(expected, await trip.ReadAsTextAsync());
    }
}
