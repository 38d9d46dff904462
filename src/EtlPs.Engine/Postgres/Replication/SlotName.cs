using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Replication;

/// <summary>Slot names go into replication commands as they are, which know no parameters.</summary>
internal static class SlotName
{
    public static void Require(string name)
    {
        if (name.Length is 0 or > 63 || name.Any(c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_')))
            throw new EtlException(
                EtlErrorCode.InvalidArgument,
                "A replication slot's name has 1 to 63 of the characters a-z, 0-9 and _.",
                "Use another slot or pipeline name.")
            {
                Subject = name,
            };
    }

    /// <summary>A name for a temporary slot that no other session uses.</summary>
    public static string MakeTemporary() => $"etlps_tmp_{Guid.NewGuid():N}";
}
