using EtlPs.Testing.Repository;

namespace EtlPs.Engine.Tests.Testing;

/// <summary>What no analyzer of the build looks at.</summary>
public sealed class SourceStyleTests
{
    private const int MostColumns = 120;
    private const int MostLines = 400;

    [Fact]
    public void No_line_of_the_sources_is_longer_than_120_columns()
    {
        var lines = Files("src").SelectMany(f => File.ReadLines(f).Select((text, i) => (Where: $"{f}:{i + 1}", text)));

        Assert.DoesNotContain(lines, line => line.text.Length > MostColumns);
    }

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void No_file_is_longer_than_400_lines(string folder)
    {
        Assert.DoesNotContain(Files(folder), f => File.ReadLines(f).Count() > MostLines);
    }

    private static List<string> Files(string folder)
    {
        var built = new[] { "bin", "obj" }.Select(name => Path.DirectorySeparatorChar + name + Path.DirectorySeparatorChar);
        List<string> files =
        [
            .. Directory.EnumerateFiles(RepositoryRoot.File(folder), "*.cs", SearchOption.AllDirectories)
                .Where(f => !built.Any(f.Contains)),
        ];
        Assert.NotEmpty(files);
        return files;
    }
}
