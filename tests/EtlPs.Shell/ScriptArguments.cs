using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace EtlPs.Shell;

/// <summary>
/// Turns the words behind a script's name into its parameters, as <c>pwsh -File</c> does: <c>-Name value</c>,
/// <c>-Switch</c>, <c>-Name:value</c>, and the rest by position.
/// </summary>
internal static class ScriptArguments
{
    public static IEnumerable<CommandParameter> Bind(string file, IReadOnlyList<string> words)
    {
        HashSet<string> switches = Switches(file);
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            if (word.Length < 2 || word[0] != '-' || !char.IsLetter(word[1]))
            {
                yield return new CommandParameter(null, word);
                continue;
            }

            int colon = word.IndexOf(':', StringComparison.Ordinal);
            string name = colon < 0 ? word[1..] : word[1..colon];
            if (colon >= 0)
                yield return new CommandParameter(name, Value(word[(colon + 1)..]));
            else if (switches.Contains(name) || i + 1 == words.Count)
                yield return new CommandParameter(name, true);
            else
                yield return new CommandParameter(name, words[++i]);
        }
    }

    private static object Value(string text) => text.ToUpperInvariant() switch
    {
        "$TRUE" => true,
        "$FALSE" => false,
        _ => text,
    };

    private static HashSet<string> Switches(string file)
    {
        ScriptBlockAst script = Parser.ParseFile(file, out _, out _);
        IEnumerable<string> names = (script.ParamBlock?.Parameters ?? Enumerable.Empty<ParameterAst>())
            .Where(parameter => parameter.StaticType == typeof(SwitchParameter))
            .Select(parameter => parameter.Name.VariablePath.UserPath);
        return new HashSet<string>([.. names, "Verbose", "Debug"], StringComparer.OrdinalIgnoreCase);
    }
}
