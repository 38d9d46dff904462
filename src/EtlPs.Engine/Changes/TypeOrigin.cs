namespace EtlPs.Engine.Changes;

/// <summary>Where a type comes from: those of extensions have another oid in every database.</summary>
/// <param name="Schema">pg_namespace.nspname.</param>
/// <param name="Name">pg_type.typname.</param>
/// <param name="Extension">The extension that made it; null: none.</param>
public sealed record TypeOrigin(string Schema, string Name, string? Extension);
