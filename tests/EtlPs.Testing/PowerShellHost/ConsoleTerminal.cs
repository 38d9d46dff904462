using System.Management.Automation;

namespace EtlPs.Testing.PowerShellHost;

/// <summary>
/// The process's console: output to standard output, all else to standard error. Progress is one line that rewrites
/// itself on a terminal, and plain lines, at most one a second, where it is redirected.
/// </summary>
public sealed class ConsoleTerminal : IHostTerminal, IDisposable
{
    private const int WidthWhenRedirected = 120;
    private readonly Lock _lock = new();
    private readonly ProgressLine _progress;
    private readonly TextWriter _error = Console.Error;
    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private int _shown;

    /// <summary>Makes it.</summary>
    public ConsoleTerminal()
    {
        _progress = new ProgressLine(TimeSpan.FromSeconds(_isTerminal ? 0.1 : 1), TimeProvider.System);
    }

    /// <inheritdoc/>
    public int Width =>
        Console.IsOutputRedirected || Console.WindowWidth < 20 ? WidthWhenRedirected : Console.WindowWidth;

    /// <inheritdoc/>
    public void Write(string text)
    {
        lock (_lock)
        {
            Erase();
            Console.Out.Write(text);
            Console.Out.Flush();
        }
    }

    /// <inheritdoc/>
    public void WriteLine(HostStream stream, string text)
    {
        string prefix = stream switch
        {
            HostStream.Warning => "WARNING: ",
            HostStream.Verbose => "VERBOSE: ",
            HostStream.Debug => "DEBUG: ",
            _ => "",
        };
        lock (_lock)
        {
            Erase();
            _error.WriteLine(prefix + text);
        }
    }

    /// <inheritdoc/>
    public void WriteProgress(long sourceId, ProgressRecord record)
    {
        lock (_lock)
        {
            if (_progress.Next(sourceId, record) is not { } line)
                return;
            Erase();
            if (!_isTerminal)
            {
                if (line.Length > 0)
                    _error.WriteLine(line);
                return;
            }

            string cut = line.Length < Width ? line : line[..(Width - 1)];
            _error.Write(cut);
            _shown = cut.Length;
        }
    }

    /// <inheritdoc/>
    public string? ReadLine() => Console.IsInputRedirected ? null : Console.ReadLine();

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            Erase();
    }

    private void Erase()
    {
        if (_shown > 0)
            _error.Write($"\r{new string(' ', _shown)}\r");
        _shown = 0;
    }
}
