using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>Bytes that no Postgres server sends.</summary>
internal static class WireViolation
{
    public static EtlException Error(string what) => new(
        EtlErrorCode.ProtocolViolation,
        $"The server's answer cannot be read: {what}.",
        "Check that the address is a Postgres server's and that nothing between alters the connection, then start "
        + "again; if it stays, report it as a defect.");
}
