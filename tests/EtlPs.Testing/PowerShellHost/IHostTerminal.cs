namespace EtlPs.Testing.PowerShellHost;

/// <summary>Where a host's text goes to and its answers come from.</summary>
public interface IHostTerminal
{
    /// <summary>The width of a line.</summary>
    int Width { get; }

    /// <summary>Output and host text.</summary>
    void Write(string text);

    /// <summary>A line of one of the other streams.</summary>
    void WriteLine(HostStream stream, string text);

    /// <summary>A progress record.</summary>
    void WriteProgress(long sourceId, System.Management.Automation.ProgressRecord record);

    /// <summary>One line of input; null where nobody can answer.</summary>
    string? ReadLine();
}
