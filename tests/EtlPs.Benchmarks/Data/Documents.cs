using EtlPs.Testing.Postgres;

namespace EtlPs.Benchmarks.Data;

/// <summary>
/// Rows of large values that Postgres keeps apart: 8 KB of text and of jsonb each, 4,000 for each unit of scale.
/// </summary>
internal static class Documents
{
    public const string Table = "public.documents";
    public const int RowsOfScale = 4000;

    public static Task CreateAsync(TestDatabase database, int scale) => database.ExecuteAsync(
        $"""
        CREATE TABLE {Table} (id int PRIMARY KEY, body text, tags jsonb);
        INSERT INTO {Table}
        SELECT i, string_agg(word, ''), jsonb_build_object('id', i, 'words', jsonb_agg(word))
          FROM generate_series(1, {RowsOfScale} * {scale}) i, generate_series(1, 256) n, md5(i || '/' || n) word
         GROUP BY i;
        ANALYZE {Table};
        """);
}
