using System.Management.Automation;
using System.Net;

namespace EtlPs.Definitions;

/// <summary>Role and password as a credential has them: whole, where PowerShell splits a domain off the name.</summary>
internal static class RoleAndPassword
{
    /// <summary>Both; nulls for none, and for the empty credential.</summary>
    public static (string? UserName, string? Password) Of(PSCredential? credential) =>
        credential is null || credential == PSCredential.Empty
            ? (null, null)
            : (credential.UserName, new NetworkCredential("", credential.Password).Password);
}
