namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// A label that its enum did not have when the table was copied: the catalog may know it by now, so that no choice of what
/// to do with values that cannot be held applies.
/// </summary>
internal sealed class UnknownLabelException() : UnrepresentableValueException("a label that its enum did not have when the table was copied");
