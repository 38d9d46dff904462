using EtlPs.Engine.Changes;
using EtlPs.Errors;

namespace EtlPs.Transformation;

/// <summary>Reads a position in the WAL that a user has given.</summary>
internal static class LsnText
{
    public static Lsn Parse(string text) =>
        Lsn.TryParse(text, out var lsn)
            ? lsn
            : throw EtlErrors.InvalidArgument(
                $"'{text}' is no LSN.", "Give two hexadecimal numbers with a slash between: 16/B374D848.");
}
