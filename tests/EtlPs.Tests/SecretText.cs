using System.Text;

namespace EtlPs.Tests;

/// <summary>Looks for a secret in a text, also in the forms that serializers give it.</summary>
internal static class SecretText
{
    public static void AssertAbsent(string secret, string text)
    {
        // PowerShell writes a SecureString as hexadecimal UTF-16 where the system offers no protection.
        var wide = Encoding.Unicode.GetBytes(secret);
        foreach (var form in new[] { secret, Convert.ToHexString(wide),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(secret))[..8] })
            Assert.DoesNotContain(form, text, StringComparison.OrdinalIgnoreCase);
    }
}
