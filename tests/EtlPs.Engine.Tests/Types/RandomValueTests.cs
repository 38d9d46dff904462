using System.Globalization;
using EtlPs.Engine.Tests.Differential;
using EtlPs.Engine.Tests.Types.Values;

namespace EtlPs.Engine.Tests.Types;

/// <summary>
/// Random values of every type of the matrix through a live server. In the suite some of a fixed seed; see
/// docs/design/testing.md for the long form.
/// </summary>
public sealed class RandomValueTests(TypeDatabase database) : IClassFixture<TypeDatabase>
{
    /// <summary>How many values of each type there are in the long form.</summary>
    public const string CountVariable = "ETLPS_TYPE_CASES";

    private const int SuiteCount = 200;

    /// <summary>How many cases there are: so many in the suite.</summary>
    internal static int Count(int suite) =>
        Environment.GetEnvironmentVariable(CountVariable) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : suite;

    /// <summary>The seed that is asked for, or in the long form a new one; it is printed with a failure.</summary>
    internal static ulong Seed()
    {
        var seed = Environment.GetEnvironmentVariable(DifferentialTests.SeedVariable) is { Length: > 0 } text
            ? ulong.Parse(text, CultureInfo.InvariantCulture)
            : Count(0) > 0 ? (ulong)Random.Shared.Next() : 1;
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}");
        return seed;
    }

    [Theory]
    [MemberData(nameof(TypeMatrix.Names), MemberType = typeof(TypeMatrix))]
    public async Task Random_values_arrive_as_the_server_has_them(string name)
    {
        var random = new RandomText(new SplitMix(Seed()));
        var count = Count(SuiteCount);
        string[] values = [.. Enumerable.Range(0, count).Select(_ => random.Of(name))];

        await using var trip = await TypeRoundTrip.BeginAsync(
            await database.OpenAsync(), TypeMatrix.Find(name), values);
        var expected = await trip.ExpectedAsync();
        Assert.Equal(count, expected.Count);
        Assert.Equal(expected, await trip.CopiedAsync());
        Assert.Equal(expected, await trip.ReadAsTextAsync());
    }
}
