namespace EtlPs.Engine.Tests.Pipelines.Schema;

/// <summary>What can be done to a table by DDL, and to its file by commands that change no row.</summary>
internal static class SchemaChanges
{
    private const string Inserts = "INSERT INTO {t} (id, v) VALUES (20, 20), (21, 21)";

    public static IReadOnlyList<SchemaChange> All { get; } =
    [
        new("rename_column", "ALTER TABLE {t} RENAME w TO other", "column \"w\" is now \"other\""),
        new("drop_column", "ALTER TABLE {t} DROP COLUMN gone", "column \"gone\" is now \"early\""),
        new("add_nullable", "ALTER TABLE {t} ADD COLUMN d int", "column \"d\" is new"),
        new("add_constant", "ALTER TABLE {t} ADD COLUMN d int DEFAULT 7", "column \"d\" is new"),
        new("add_now", "ALTER TABLE {t} ADD COLUMN d timestamptz NOT NULL DEFAULT now()", "column \"d\" is new"),
        new("add_volatile", "ALTER TABLE {t} ADD COLUMN d uuid DEFAULT gen_random_uuid()", "column \"d\" is new"),
        new("add_generated", "ALTER TABLE {t} ADD COLUMN d int GENERATED ALWAYS AS (v * 2) STORED") { Setup =
            "CLUSTER {t} USING add_generated_pkey;" },
        // The one known false alarm: the rewrite clears attmissingval of a column that is copied.
        new("add_generated_beside_early", "ALTER TABLE {t} ADD COLUMN d int GENERATED ALWAYS AS (v * 2) STORED",
            "rewritten"),
        new("type_same_using", "ALTER TABLE {t} ALTER v TYPE int USING v * 2", "rewritten"),
        new("type_same_of_early", "ALTER TABLE {t} ALTER early TYPE int USING early * 2", "rewritten"),
        new("type_same_no_using", "ALTER TABLE {t} ALTER v TYPE int"),
        new("type_bigint", "ALTER TABLE {t} ALTER v TYPE bigint", "the type of column \"v\""),
        new("type_bigint_using", "ALTER TABLE {t} ALTER v TYPE bigint USING v * 2", "the type of column \"v\""),
        new("type_longer_varchar", "ALTER TABLE {t} ALTER w TYPE varchar(20)", "the type of column \"w\""),
        new("type_text", "ALTER TABLE {t} ALTER w TYPE text", "the type of column \"w\""),
        new("type_wider_numeric", "ALTER TABLE {t} ALTER n TYPE numeric(12,2)", "the type of column \"n\""),
        new("type_shorter_varchar", "ALTER TABLE {t} ALTER big TYPE varchar(10)", "the type of column \"big\""),
        new("type_timestamptz", "ALTER TABLE {t} ALTER at TYPE timestamptz", "the type of column \"at\""),
        new("set_not_null", "ALTER TABLE {t} ALTER early SET NOT NULL"),
        new("set_default", "ALTER TABLE {t} ALTER v SET DEFAULT 6"),
        new("set_statistics", "ALTER TABLE {t} ALTER v SET STATISTICS 200"),
        new("set_storage", "ALTER TABLE {t} ALTER w SET STORAGE EXTERNAL"),
        new("replace_column", "ALTER TABLE {t} DROP COLUMN early; ALTER TABLE {t} ADD COLUMN early int DEFAULT 9",
            "was dropped, and another one"),
        new("replace_by_other_type", "ALTER TABLE {t} DROP COLUMN early; ALTER TABLE {t} ADD COLUMN early text",
            "the type of column \"early\""),
        new("identity_full", "ALTER TABLE {t} REPLICA IDENTITY FULL"),
        new("identity_nothing", "ALTER TABLE {t} REPLICA IDENTITY NOTHING")
        {
            Changes = Inserts, Undo = "ALTER TABLE identity_nothing REPLICA IDENTITY DEFAULT",
        },
        new("drop_key", "ALTER TABLE {t} DROP CONSTRAINT drop_key_pkey") { Changes = Inserts,
            Undo = "ALTER TABLE drop_key ADD PRIMARY KEY (id)" },
        new("vacuum_full", "VACUUM FULL {t}") { IsTransactional = false },
        new("cluster", "CLUSTER {t} USING cluster_pkey"),
        new("truncate", "TRUNCATE {t}"),
        new("set_tablespace_of_default", "ALTER TABLE {t} SET TABLESPACE pg_default"),
        new("rename_table", "ALTER TABLE {t} RENAME TO renamed", "its name is now public.renamed")
        {
            Changes = Inserts.Replace("{t}", "renamed", StringComparison.Ordinal),
                Undo = "ALTER TABLE renamed RENAME TO rename_table",
        },
        new("set_schema", "ALTER TABLE {t} SET SCHEMA elsewhere", "its name is now elsewhere.set_schema")
        {
            Changes = Inserts.Replace("{t}", "elsewhere.{t}", StringComparison.Ordinal),
                Undo = "ALTER TABLE elsewhere.set_schema SET SCHEMA public",
        },
        new("made_again", "DROP TABLE {t}; CREATE TABLE {t} (id int PRIMARY KEY, v int, n numeric(8,2))",
            "no longer in publication")
        {
            EndsTable = true,
        },
    ];

    /// <summary>The tables that are set aside, each with what is told of it.</summary>
    public static IReadOnlyDictionary<string, string> Aside { get; } =
        All.Where(c => c.Told is not null).ToDictionary(c => c.Table, c => c.Told!);
}
