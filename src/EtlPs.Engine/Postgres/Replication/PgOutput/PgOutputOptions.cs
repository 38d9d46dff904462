using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>What a stream asks of the pgoutput plugin in START_REPLICATION.</summary>
internal static class PgOutputOptions
{
    /// <summary>Names and values; a value still has to be quoted as a literal.</summary>
    public static IReadOnlyList<(string Name, string Value)> For(string publication, ValueFormat format) =>
    [
        // Every server that we accept (14) sends transactions above its logical_decoding_work_mem while they are still
        // open, instead of writing them to its own disk. Never protocol 4 with "on": Npgsql's reading of STREAM ABORT
        // and the server's differ there, and it brings nothing.
        ("proto_version", "2"),
        ("streaming", "on"),
        // A list of identifiers.
        ("publication_names", TableName.Quote(publication)),
        ("binary", format == ValueFormat.Binary ? "true" : "false"),
    ];

    /// <summary>
    /// The same for somebody who looks on: transactions only as a whole, and values as text, which every type has and
    /// no type makes a walsender fail at.
    /// </summary>
    public static IReadOnlyList<(string Name, string Value)> AsText(string publication) =>
        [("proto_version", "1"), ("publication_names", TableName.Quote(publication))];
}
