using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using System.Text.RegularExpressions;
using EtlPs.Testing.PowerShellHost;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Module;

/// <summary>Cmdlets, their pages and what Get-Help shows are of one piece.</summary>
public sealed partial class HelpTests : IAsyncLifetime
{
    private static readonly string[] Topics =
    [
        "about_EtlPs", "about_EtlPs_AzureAutomation", "about_EtlPs_BackfillAndStream", "about_EtlPs_Credentials",
        "about_EtlPs_Errors",
        "about_EtlPs_Jobs", "about_EtlPs_Pipelines", "about_EtlPs_SlotsAndLag",
    ];

    private readonly ModuleHost _host = ModuleHost.Create();

    [Fact]
    public void Every_cmdlet_has_a_page_with_all_of_its_sets_and_parameters_and_three_examples()
    {
        foreach (var command in Commands())
        {
            var page = new HelpPage(command.Name);
            Assert.NotEmpty(page.Synopsis);
            Assert.Equal(command.ParameterSets.Count, page.Sets.Count());
            Assert.Equal(Own(command).Select(p => p.Name), page.Parameters.Order(StringComparer.Ordinal));
            Assert.True(page.Examples.Count >= 3, command.Name);
            Assert.Equal(page.Examples.Count, page.Code.Count());
            Assert.All(["## DESCRIPTION", "## INPUTS", "## OUTPUTS", "## RELATED LINKS"],
                h => Assert.True(page.Has(h), command.Name));
            foreach (var type in command.OutputType)
                Assert.True(page.Has($"### {type.Name}")
                    || page.Has($"### {type.Name.Replace("System.", "", StringComparison.Ordinal)}")
                    || page.Has("### None") || type.Type == typeof(PSObject), $"{command.Name}: {type.Name}");
        }
    }

    [Fact]
    public void What_a_page_tells_of_a_parameter_is_so()
    {
        foreach (var command in Commands())
            foreach (var parameter in Own(command))
            {
                var facts = new HelpPage(command.Name).Facts(parameter.Name);
                var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
                var where = $"{command.Name} -{parameter.Name}";
                Assert.True(facts.Contains($"Type: {type.Name}\n", StringComparison.Ordinal), where);
                Assert.True(parameter.Aliases.All(a => facts.Contains($"- {a}\n", StringComparison.Ordinal)), where);
                Assert.True(
                    facts.Contains("SupportsWildcards: true", StringComparison.Ordinal)
                    == parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any(), where);
                Assert.True(
                    facts.Contains("IsRequired: true", StringComparison.Ordinal)
                    == parameter.ParameterSets.Values.Any(s => s.IsMandatory), where);
                Assert.True(
                    facts.Contains("ValueFromPipeline: true", StringComparison.Ordinal)
                    == parameter.ParameterSets.Values.Any(s => s.ValueFromPipeline), where);
            }
    }

    [Fact]
    public void Examples_parse_and_call_cmdlets_with_parameters_that_there_are()
    {
        var commands = Commands().ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var code in commands.Keys.SelectMany(name => new HelpPage(name).Code))
        {
            var script = Parser.ParseInput(code, out _, out ParseError[] errors);
            Assert.Empty(errors.Select(e => $"{e.Message}: {code}"));
            foreach (var call in script.FindAll(a => a is CommandAst, searchNestedScriptBlocks: true)
                .Cast<CommandAst>())
                if (call.GetCommandName() is { } name && name.Contains("-Etl", StringComparison.OrdinalIgnoreCase))
                    foreach (var used in call.CommandElements.OfType<CommandParameterAst>())
                        Assert.Single(commands[name].Parameters.Keys,
                            p => p.StartsWith(used.ParameterName, StringComparison.OrdinalIgnoreCase)
                            && (p.Length == used.ParameterName.Length
                                || !commands[name].Parameters.ContainsKey(used.ParameterName)));
        }
    }

    [Fact]
    public void Get_Help_shows_what_the_pages_say()
    {
        foreach (var command in Commands())
        {
            var page = new HelpPage(command.Name);
            var help = _host.Run($"Get-Help {command.Name} -Full").WithoutErrors().Output.Single();

            Assert.Equal(Words(page.Synopsis), Words(help.Properties["Synopsis"].Value));
            var parameters = All(help, "parameters", "parameter");
            Assert.Equal(page.Parameters.Order(StringComparer.Ordinal), parameters.Select(Name)
                .Order(StringComparer.Ordinal));
            foreach (var parameter in parameters)
                Assert.Equal(
                    Words(page.Description(Name(parameter))), Words(parameter.Properties["description"].Value));
            var examples = All(help, "examples", "example");
            Assert.Equal(page.Examples.Count, examples.Count);
            foreach (var (shown, written) in examples.Zip(page.Examples))
                Assert.Equal(
                    Words(written.Text), Words(shown.Properties["code"]?.Value)
                    + Words(shown.Properties["remarks"]?.Value));
        }
    }

    [Fact]
    public void Every_topic_is_shown_and_names_only_topics_and_cmdlets_that_there_are()
    {
        var known = Commands().Select(c => c.Name).Concat(Topics).Concat(["about_Jobs"])
            .ToHashSet(StringComparer.Ordinal);
        Assert.Equal(
            Topics,
            Directory.GetFiles(RepositoryRoot.File("docs", "en-US"), "about_*")
            .Select(f => Path.GetFileName(f).Split('.')[0])
                .Order(StringComparer.Ordinal));
        foreach (var topic in Topics)
        {
            var text = File.ReadAllText(RepositoryRoot.File("en-US", topic + ".help.txt"));
            Assert.StartsWith($"TOPIC\n    {topic}\n", text, StringComparison.Ordinal);
            Assert.All(Names().Matches(text), m => Assert.Contains(m.Value, known));
        }
    }

    [Fact]
    public void Every_error_id_is_told_in_about_EtlPs_Errors()
    {
        var topic = File.ReadAllLines(RepositoryRoot.File("docs", "en-US", "about_EtlPs_Errors.help.txt"));
        var module = _host.Run("(Get-Command New-EtlSource).ImplementingType.Assembly").OutputOf<Assembly>().Single();

        Assert.Equal(
            CommandSurface.ErrorIds(module).Select(e => e.Id),
            topic.SkipWhile(line => line != "  The ids, without EtlPs.").Skip(1)
                .Where(line => line.StartsWith("    ", StringComparison.Ordinal)
                    && !line.StartsWith("     ", StringComparison.Ordinal))
                .Select(line => line.Trim()).TakeWhile(id => !id.StartsWith("about", StringComparison.Ordinal)));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private IReadOnlyList<CmdletInfo> Commands() =>
        _host.Run("Get-Command -Module EtlPs").WithoutErrors().OutputOf<CmdletInfo>();

    private static IEnumerable<ParameterMetadata> Own(CmdletInfo command) => command.Parameters.Values
        .Where(p => !Cmdlet.CommonParameters.Contains(p.Name)).OrderBy(p => p.Name, StringComparer.Ordinal);

    private static List<PSObject> All(PSObject help, string group, string item)
    {
        var found = ((PSObject)help.Properties[group].Value).Properties[item].Value;
        return [.. LanguagePrimitives.GetEnumerable(found) is { } many ? many.Cast<object>().Select(PSObject.AsPSObject)
            : [PSObject.AsPSObject(found)]];
    }

    private static string Name(PSObject item) => item.Properties["name"].Value.ToString()!;

    /// <summary>A text, or paragraphs of help, without what lines and Markdown add.</summary>
    private static string Words(object? text) => text switch
    {
        null => "",
        PSObject { BaseObject: not PSCustomObject } wrapped => Words(wrapped.BaseObject),
        PSObject paragraph => Words(paragraph.Properties["Text"]?.Value),
        string plain => Noise().Replace(plain, ""),
        IEnumerable many => string.Concat(many.Cast<object>().Select(Words)),
        _ => Noise().Replace(text.ToString()!, ""),
    };

    [GeneratedRegex(@"```(?:powershell)?|\\|\s")]
    private static partial Regex Noise();

    [GeneratedRegex(@"about_\w+|\b[A-Z][a-z]+-Etl\w+")]
    private static partial Regex Names();
}
