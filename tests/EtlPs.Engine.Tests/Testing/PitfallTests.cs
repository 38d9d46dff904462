using System.Text.RegularExpressions;
using EtlPs.Testing.Repository;

namespace EtlPs.Engine.Tests.Testing;

/// <summary>The list of pitfalls names tests; a test that is renamed must not leave a pitfall uncovered in silence.</summary>
public sealed partial class PitfallTests
{
    [Fact]
    public async Task Every_test_that_the_list_of_pitfalls_names_exists()
    {
        var text = await System.IO.File.ReadAllTextAsync(
            RepositoryRoot.File("docs", "design", "pitfalls.md"), TestContext.Current.CancellationToken);
        var rows = text.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal) && !l.StartsWith("| pitfall", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Matches(TestName(), row));

        var tests = typeof(PitfallTests).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods().Where(m => m.IsDefined(typeof(FactAttribute), inherit: true)).Select(m => $"{t.Name}.{m.Name}"))
            .ToHashSet(StringComparer.Ordinal);
        Assert.Subset(tests, TestName().Matches(text).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex TestName();
}
