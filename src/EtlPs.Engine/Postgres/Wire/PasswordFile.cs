using System.Globalization;
using System.Text;
using Npgsql;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>
/// The pgpass file: lines of <c>host:port:database:user:password</c>, each but the last may be <c>*</c>; the first that
/// fits counts.
/// </summary>
internal static class PasswordFile
{
    private const int Fields = 5;

    /// <summary>The password for a connection; null: there is no file, or no line that fits.</summary>
    /// <exception cref="IOException">The file is named and cannot be read.</exception>
    public static string? Find(NpgsqlConnectionStringBuilder connection)
    {
        var path = connection.Passfile ?? Environment.GetEnvironmentVariable("PGPASSFILE")
            ?? PostgresFolder.FindPasswordFile();
        if (path is null)
            return null;
        string[] wanted =
        [
            connection.Host!, connection.Port.ToString(CultureInfo.InvariantCulture), connection.Database!,
            connection.Username!,
        ];
        foreach (var line in File.ReadLines(path))
        {
            if (line.TrimStart().StartsWith('#'))
                continue;
            var fields = Split(line.Trim());
            if (fields.Count == Fields
                && wanted.Zip(fields).All(pair => pair.Second == "*" || pair.First == pair.Second))
                return fields[^1];
        }

        return null;
    }

    /// <summary>A backslash stands before a colon or a backslash that belongs to a field.</summary>
    private static List<string> Split(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == ':')
            {
                fields.Add(field.ToString());
                field.Clear();
                continue;
            }

            if (line[i] == '\\' && i + 1 < line.Length && line[i + 1] is ':' or '\\')
                i++;
            field.Append(line[i]);
        }

        fields.Add(field.ToString());
        return fields;
    }
}
