using Npgsql;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>Reads an ErrorResponse into the exception that Npgsql makes of one, so that both are told alike.</summary>
internal static class ServerReport
{
    /// <summary>Without detail and hint: they quote rows' values.</summary>
    public static PostgresException Read(ReadOnlySpan<byte> body)
    {
        string severity = "ERROR", invariantSeverity = "ERROR", state = "XX000", message = "", file = "", line = "",
            routine = "";
        while (body.Length > 0 && body[0] != 0)
        {
            var field = body[0];
            var value = WireText.Read(body[1..], out var length);
            body = body[(1 + length)..];
            switch ((char)field)
            {
                case 'S': severity = value; break;
                case 'V': invariantSeverity = value; break;
                case 'C': state = value; break;
                case 'M': message = value; break;
                case 'F': file = value; break;
                case 'L': line = value; break;
                case 'R': routine = value; break;
            }
        }

        return new PostgresException(
            message, severity, invariantSeverity, state, detail: "", hint: "", file: file, line: line,
            routine: routine);
    }
}
