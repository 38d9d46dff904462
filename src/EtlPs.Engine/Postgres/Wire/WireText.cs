using System.Text;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>Texts that end with a zero.</summary>
internal static class WireText
{
    /// <param name="bytes">Where the text begins.</param>
    /// <param name="length">Its bytes with the zero.</param>
    public static string Read(ReadOnlySpan<byte> bytes, out int length)
    {
        var end = bytes.IndexOf((byte)0);
        if (end < 0)
            throw WireViolation.Error("a text has no end");
        length = end + 1;
        // Before the session's encoding is settled an error may come in another: letters get lost then, not the error.
        return Encoding.UTF8.GetString(bytes[..end]);
    }
}
