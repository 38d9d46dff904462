using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// A value of another shape than its type had when the table was copied: the catalog may know it by now, so that no
/// choice of what to do with values that cannot be held applies.
/// </summary>
internal sealed class TypeAlteredException(string reason) : UnrepresentableValueException(reason)
{
    public override bool IsOfTheValue => false;
}
