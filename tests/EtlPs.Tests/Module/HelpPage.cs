using System.Text.RegularExpressions;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Module;

/// <summary>A cmdlet's page in docs/en-US, by its headings.</summary>
internal sealed partial class HelpPage
{
    private readonly Dictionary<string, string> _sections = new(StringComparer.Ordinal);

    public HelpPage(string cmdlet)
    {
        var text = File.ReadAllText(RepositoryRoot.File("docs", "en-US", cmdlet + ".md")).ReplaceLineEndings("\n");
        foreach (Match section in Sections().Matches(text))
            _sections[section.Groups[1].Value] = section.Groups[2].Value.Trim();
    }

    public string Synopsis => _sections["## SYNOPSIS"];

    public IEnumerable<string> Sets => _sections.Keys.SkipWhile(h => h != "## SYNTAX").Skip(1)
        .TakeWhile(h => h.StartsWith("###", StringComparison.Ordinal));

    /// <summary>The parameters' names, in order.</summary>
    public IEnumerable<string> Parameters => _sections.Keys
        .Where(h => h.StartsWith("### -", StringComparison.Ordinal)).Select(h => h[5..]);

    /// <summary>The examples: title, and the code with its comment.</summary>
    public IReadOnlyList<(string Title, string Text)> Examples =>
        [.. _sections.Where(s => s.Key.StartsWith("### Example ", StringComparison.Ordinal))
            .Select(s => (s.Key[4..], s.Value))];

    /// <summary>The code of all examples.</summary>
    public IEnumerable<string> Code =>
        Examples.SelectMany(e => CodeBlocks().Matches(e.Text)).Select(m => m.Groups[1].Value);

    public bool Has(string heading) => _sections.ContainsKey(heading);

    /// <summary>What is said of a parameter.</summary>
    public string Description(string parameter) => _sections["### -" + parameter].Split("```yaml")[0].Trim();

    /// <summary>What is told of a parameter in its block.</summary>
    public string Facts(string parameter) => _sections["### -" + parameter].Split("```yaml")[1];

    [GeneratedRegex(@"^(#{2,3} .*)\n((?:(?!#{2,3} ).*\n?)*)", RegexOptions.Multiline)]
    private static partial Regex Sections();

    [GeneratedRegex("```powershell\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlocks();
}
