using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Net;
using System.Security;
using EtlPs.Errors;

namespace EtlPs.Definitions;

/// <summary>Takes credentials from SecretManagement, whose Get-Secret is asked in the session itself.</summary>
internal static class SecretVault
{
    /// <summary>The user name, where the secret has one, and the password.</summary>
    /// <exception cref="EtlPsException">SecretUnavailable.</exception>
    public static (string? UserName, string? Password) Take(SecretReference secret, CommandInvocationIntrinsics session)
    {
        if (session.GetCommand("Get-Secret", CommandTypes.All) is not { } command)
            throw Unavailable(
                secret, "there is no Get-Secret in this session", "Install Microsoft.PowerShell.SecretManagement");
        return Ask(secret, command) switch
        {
            [{ BaseObject: PSCredential credential }] => RoleAndPassword.Of(credential),
            [{ BaseObject: SecureString password }] => (null, new NetworkCredential("", password).Password),
            [{ BaseObject: string password }] => (null, password),
            _ => throw Unavailable(secret, "it is neither a PSCredential nor a password", "Store one with Set-Secret"),
        };
    }

    private static Collection<PSObject> Ask(SecretReference secret, CommandInfo command)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand(command.Name).AddParameter("Name", secret.Name)
            .AddParameter("ErrorAction", ActionPreference.Stop);
        if (secret.Vault is { } vault)
            shell.AddParameter("Vault", vault);
        try
        {
            return shell.Invoke();
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            // What a vault says is not ours to repeat.
            throw Unavailable(
                secret, $"Get-Secret failed ({e.ErrorRecord.CategoryInfo.Category})",
                "Check its name and vault, and that it is unlocked");
        }
    }

    private static EtlPsException Unavailable(SecretReference secret, string why, string remedy) => new(
        EtlErrors.SecretUnavailable,
        $"The secret '{secret.Name}'{(secret.Vault is { } vault ? $" of vault '{vault}'" : "")} cannot be had: {why}.",
        $"{remedy}, or give -Credential.");
}
