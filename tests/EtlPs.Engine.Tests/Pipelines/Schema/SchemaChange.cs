namespace EtlPs.Engine.Tests.Pipelines.Schema;

/// <summary>One statement that alters a table of its own, and what has to become of the table.</summary>
/// <param name="Table">The table's name, which says what is done to it.</param>
/// <param name="Ddl">The statement, with {t} for the table.</param>
/// <param name="Told">What the error says where the table cannot be followed any more; null: it is followed.</param>
internal sealed record SchemaChange(string Table, string Ddl, string? Told = null)
{
    /// <summary>Rows that are changed before.</summary>
    public string Before =>
        Of("INSERT INTO {t} (id, v) VALUES (10, 10), (11, NULL); UPDATE {t} SET v = v + 1 WHERE id = 1");

    /// <summary>Rows that are changed afterwards, with {t} for the table.</summary>
    public string Changes { get; init; } =
        "INSERT INTO {t} (id, v) VALUES (20, 20); UPDATE {t} SET n = 7.25 WHERE id = 2; "
        + "DELETE FROM {t} WHERE id IN (3, 10)";

    /// <summary>What is done to the table before it is copied.</summary>
    public string Setup { get; init; } = "";

    /// <summary>Whether Postgres takes it in a transaction with others.</summary>
    public bool IsTransactional { get; init; } = true;

    /// <summary>What undoes it, so that the table can be copied again; null: nothing has to.</summary>
    public string? Undo { get; init; }

    /// <summary>Whether the table is gone for good, so that only -Restart goes on with one of its name.</summary>
    public bool EndsTable { get; init; }

    public string Create => Of("""
        CREATE TABLE {t} (id int PRIMARY KEY, v int DEFAULT 5, w varchar(10), n numeric(8,2), at timestamp,
            big varchar(20), gone int);
        INSERT INTO {t} SELECT g, g, 'w' || g, g * 1.5, '2024-01-01'::timestamp + g * interval '1 day', 'b' || g, -g FROM generate_series(1, 5) g;
        ALTER TABLE {t} ADD COLUMN early int DEFAULT 3;
        """ + Setup);

    public string Statement => Of(Ddl);

    public string After => Of(Changes);

    private string Of(string sql) => sql.Replace("{t}", Table, StringComparison.Ordinal);
}
