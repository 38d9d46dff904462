using System.Management.Automation.Language;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Scripts;

public sealed class ScriptSyntaxTests
{
    private static readonly string[] s_extensions = [".ps1", ".psd1", ".psm1"];
    private static readonly string[] s_built = ["bin", "obj", "output", "artifacts", ".git"];

    public static TheoryData<string> Scripts =>
        [.. Below(RepositoryRoot.Path).Select(file => Path.GetRelativePath(RepositoryRoot.Path, file))];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Every_script_and_data_file_of_the_repository_parses(string file)
    {
        Parser.ParseFile(RepositoryRoot.File(file), out _, out ParseError[] errors);

        Assert.Empty(errors.Select(error => $"{error.Extent.StartLineNumber}: {error.Message}"));
    }

    [Fact]
    public void The_quickstart_is_among_them() =>
        Assert.Contains(Scripts, row => row.Data.EndsWith("quickstart.ps1", StringComparison.Ordinal));

    [Fact]
    public void The_runbooks_are_among_them() =>
        Assert.True(Scripts.Count(row => RunbookScriptTests.IsRunbook(row.Data)) >= 7);

    private static IEnumerable<string> Below(string folder) => Directory.EnumerateFiles(folder)
        .Where(file => s_extensions.Contains(Path.GetExtension(file)))
        .Concat(Directory.EnumerateDirectories(folder)
            .Where(child => !s_built.Contains(Path.GetFileName(child)))
            .SelectMany(Below));
}
