using System.Diagnostics;
using System.Runtime.CompilerServices;
using DuckDB.NET.Data;

namespace EtlPs.Engine.Tests.DuckDb;

/// <summary>
/// Another process that has a DuckDB file open: this test assembly, started again with a variable that says so.
/// </summary>
internal sealed class HolderProcess : IDisposable
{
    private const string Variable = "ETLPS_TEST_HOLD_FILE";

    private readonly Process process;

    private HolderProcess(Process process) => this.process = process;

    public int Id => process.Id;

    public static HolderProcess Start(string path)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(HolderProcess).Assembly.Location])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment[Variable] = path;
        var process = Process.Start(start)!;
        var answer = process.StandardOutput.ReadLine();
        if (answer == "open")
            return new HolderProcess(process);
        process.Dispose();
        throw new InvalidOperationException($"The other process could not open the file: {answer}");
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    [ModuleInitializer]
    internal static void HoldWhereAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
            return;
        try
        {
            using var connection = new DuckDBConnection($"DataSource={path}");
            connection.Open();
            Console.WriteLine("open");
            Console.In.ReadToEnd();
        }
        catch (DuckDBException e)
        {
            Console.WriteLine(e.Message);
        }

        Environment.Exit(0);
    }
}
