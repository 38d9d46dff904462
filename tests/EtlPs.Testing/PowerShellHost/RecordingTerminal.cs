using System.Collections.Concurrent;
using System.Management.Automation;
using System.Text;

namespace EtlPs.Testing.PowerShellHost;

/// <summary>Keeps what the host is told, and gives answers prepared beforehand.</summary>
internal sealed class RecordingTerminal : IHostTerminal
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();

    public ConcurrentQueue<string> Answers { get; } = new();

    public int Width => 200;

    public void Write(string text)
    {
        lock (_lock)
            _text.Append(text);
    }

    /// <summary>These streams are collected from the pipeline itself.</summary>
    public void WriteLine(HostStream stream, string text)
    {
    }

    public void WriteProgress(long sourceId, ProgressRecord record)
    {
    }

    public string? ReadLine() => Answers.TryDequeue(out string? answer) ? answer : null;

    /// <summary>Everything written since the last time.</summary>
    public string TakeText()
    {
        lock (_lock)
        {
            string text = _text.ToString();
            _text.Clear();
            return text;
        }
    }
}
