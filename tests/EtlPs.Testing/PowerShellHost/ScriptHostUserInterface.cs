using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;

namespace EtlPs.Testing.PowerShellHost;

/// <summary>Sends every stream to the terminal, and asks it for answers.</summary>
internal sealed class ScriptHostUserInterface(IHostTerminal terminal) : PSHostUserInterface
{
    public override PSHostRawUserInterface RawUI { get; } = new ScriptHostRawUserInterface(terminal);

    public override bool SupportsVirtualTerminal => false;

    public override void Write(string value) => terminal.Write(Plain(value));

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
        terminal.Write(Plain(value));

    public override void WriteLine(string value) => terminal.Write(Plain(value) + Environment.NewLine);

    public override void WriteErrorLine(string value) => terminal.WriteLine(HostStream.Error, Plain(value));

    public override void WriteWarningLine(string message) => terminal.WriteLine(HostStream.Warning, message);

    public override void WriteVerboseLine(string message) => terminal.WriteLine(HostStream.Verbose, message);

    public override void WriteDebugLine(string message) => terminal.WriteLine(HostStream.Debug, message);

    /// <summary>The engine asks for shown information only by way of Write-Host, which this engine lacks.</summary>
    public override void WriteInformation(InformationRecord record) =>
        terminal.WriteLine(HostStream.Information, record.ToString());

    public override void WriteProgress(long sourceId, ProgressRecord record) =>
        terminal.WriteProgress(sourceId, record);

    public override string ReadLine() => terminal.ReadLine() ?? throw NobodyThere();

    public override SecureString ReadLineAsSecureString() => throw NobodyThere();

    public override Dictionary<string, PSObject> Prompt(
        string caption, string message, Collection<FieldDescription> descriptions) => throw NobodyThere();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName) => throw NobodyThere();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName,
        PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw NobodyThere();

    public override int PromptForChoice(
        string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        string[] labels = [.. choices.Select(choice => choice.Label.Replace("&", "", StringComparison.Ordinal))];
        terminal.Write($"{caption}{Environment.NewLine}{message}{Environment.NewLine}");
        while (true)
        {
            terminal.Write($"{string.Join(" / ", labels)} [{labels[Math.Max(defaultChoice, 0)]}]: ");
            string answer = ReadLine().Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
                return defaultChoice;
            for (int i = 0; i < labels.Length; i++)
                if (Matches(choices[i].Label, labels[i], answer))
                    return i;
        }
    }

    /// <summary>Without the formatter's escape sequences, which have no place in files, logs and comparisons.</summary>
    private static string Plain(string text) =>
        text.Contains('\e', StringComparison.Ordinal)
            ? new StringDecorated(text).ToString(OutputRendering.PlainText)
            : text;

    private static bool Matches(string labelWithKey, string label, string answer)
    {
        int key = labelWithKey.IndexOf('&', StringComparison.Ordinal);
        bool isKey = key >= 0 && key + 1 < labelWithKey.Length
            && string.Equals(labelWithKey.Substring(key + 1, 1), answer, StringComparison.OrdinalIgnoreCase);
        return isKey || string.Compare(label, answer, CultureInfo.InvariantCulture, CompareOptions.IgnoreCase) == 0;
    }

    private static HostException NobodyThere() =>
        new("A question was asked where nobody can answer it. Give the parameter, or -Confirm:$false, or -Force.");
}
