namespace EtlPs.Definitions;

/// <summary>Where a password is kept: a secret of a SecretManagement vault, by name.</summary>
/// <param name="Name">The secret: a PSCredential, or a password as SecureString or String.</param>
/// <param name="Vault">The vault; null: whichever has it.</param>
internal sealed record SecretReference(string Name, string? Vault);
