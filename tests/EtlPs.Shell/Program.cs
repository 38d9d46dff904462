using EtlPs.Shell;
using EtlPs.Testing.PowerShellHost;

if (ShellArguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine(ShellArguments.Usage);
    return ExitCodes.Usage;
}

using var terminal = new ConsoleTerminal();
return await new ShellRun(terminal).RunAsync(arguments);
