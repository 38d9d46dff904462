using System.Text.RegularExpressions;
using EtlPs.Testing.Repository;

namespace EtlPs.Engine.Tests.Testing;

/// <summary>
/// The list of pitfalls names tests; a test that is renamed must not leave a pitfall uncovered in silence.
/// </summary>
public sealed partial class PitfallTests
{
    [Fact]
    public async Task Every_test_that_the_list_of_pitfalls_names_exists()
    {
        var text = await System.IO.File.ReadAllTextAsync(
            RepositoryRoot.File("docs", "design", "pitfalls.md"), TestContext.Current.CancellationToken);
        var rows = text.Split('\n').Where(
            l => l.StartsWith("| ", StringComparison.Ordinal) && !l.StartsWith("| pitfall", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(rows);
        // All that is in backquotes in the last column is a test's whole name.
        var named = rows.Select(r => Quoted()
            .Matches(r[r.TrimEnd().TrimEnd('|').LastIndexOf(" | ", StringComparison.Ordinal)..]))
            .Select(m => m.Select(q => q.Groups[1].Value).ToList()).ToList();
        Assert.All(named, Assert.NotEmpty);
        Assert.All(named.SelectMany(n => n), name => Assert.Matches(TestName(), name));

        var tests = typeof(PitfallTests).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods().Where(m => m.IsDefined(typeof(FactAttribute), inherit: true))
                .Select(m => $"{t.Name}.{m.Name}"))
            .ToHashSet(StringComparer.Ordinal);
        Assert.Subset(tests, named.SelectMany(n => n).ToHashSet(StringComparer.Ordinal));
    }

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\w+Tests\.\w+$")]
    private static partial Regex TestName();
}
