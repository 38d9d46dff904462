namespace EtlPs.Engine.Postgres.Replication.PgOutput;

/// <summary>What a stream asks for the values of rows in.</summary>
internal enum ValueFormat
{
    /// <summary>In the form of each type's send function; as text where a type has none.</summary>
    Binary,

    /// <summary>As the text of each type's output function: slower, and what every type has.</summary>
    Text,
}
