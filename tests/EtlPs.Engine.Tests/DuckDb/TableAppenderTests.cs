using System.Globalization;
using System.Text;
using DuckDB.NET.Data;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Tests.Types;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class TableAppenderTests
{
    private static readonly PostgresType s_int4 = new(23, -1, "integer");
    private static readonly PostgresType s_text = new(25, -1, "text");
    private static readonly PostgresType s_list = new(1009, -1, "text[]");

    [Fact]
    public void Appended_text_is_copied_so_that_its_memory_may_change_afterwards()
    {
        using var target = new CopyTarget(s_text);
        int[] lengths = [0, 1, 11, 12, 13, 100, 1_000_000];
        foreach (var length in lengths)
        {
            var memory = CopyTarget.Pinned(new byte[length]);
            memory.AsSpan().Fill((byte)'a');
            target.Appender[0].SetBytes(0, memory);
            target.Appender.AppendChunk(1);
            memory.AsSpan().Fill((byte)'b');
        }

        target.Commit();
        Assert.Equal(lengths.Select(length => $"{length}"), target.Query("SELECT length(c0) FROM t")
            .Select(row => row[0]));
        Assert.Equal("0", target.Scalar("SELECT count(*) FROM t WHERE c0 LIKE '%b%'"));
    }

    [Fact]
    public void Short_text_after_long_text_in_the_same_row_compares_equal()
    {
        using var target = new CopyTarget(s_text);
        foreach (var text in (string[])["a text of many bytes", "ab", "twelve bytes", "x", ""])
        {
            target.Appender[0].SetBytes(0, CopyTarget.Pinned(Encoding.UTF8.GetBytes(text)));
            target.Appender.AppendChunk(1);
        }

        target.Commit();
        Assert.Equal("4", target.Scalar("SELECT count(*) FROM t WHERE c0 IN ('ab', 'x', '', 'twelve bytes')"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(129)]
    [InlineData(2047)]
    [InlineData(2048)]
    public void Nulls_of_one_chunk_do_not_show_in_the_next(int rows)
    {
        using var target = new CopyTarget(s_int4);
        for (var chunk = 0; chunk < 4; chunk++)
        {
            for (var row = 0; row < rows; row++)
            {
                if (chunk % 2 == 0 && row % 3 == 0)
                    target.Appender[0].SetNull(row);
                else
                    target.Appender[0].Set(row, row);
            }

            target.Appender.AppendChunk(rows);
        }

        target.Commit();
        Assert.Equal($"{2 * ((rows + 2) / 3)}", target.Scalar("SELECT count(*) FROM t WHERE c0 IS NULL"));
        Assert.Equal($"{4 * rows}", target.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Lists_grow_keep_their_nulls_and_begin_anew_with_each_chunk()
    {
        using var target = new CopyTarget(s_list);
        var vector = target.Appender[0];
        int[] lengths = [3, 0, 5000, 70_000, 1, 3000];
        foreach (var length in lengths)
        {
            for (var row = 0; row < 3; row++)
            {
                if (row == 1)
                {
                    vector.SetNull(row);
                    continue;
                }

                var elements = vector.BeginList(row, length, out var first);
                for (var i = 0; i < length; i++)
                {
                    if (i % 5 == 0)
                    {
                        elements.SetNull(first + i);
                        continue;
                    }

                    var bytes = elements.Allocate(20);
                    Assert.True(i.TryFormat(bytes, out _, "D20", CultureInfo.InvariantCulture));
                    elements.SetBytes(first + i, bytes);
                }
            }

            target.Appender.AppendChunk(3);
        }

        target.Commit();
        Assert.Equal(
            lengths.SelectMany(n => new[] { $"{n}", null, $"{n}" }),
            target.Query("SELECT len(c0) FROM t").Select(row => row[0]));
        Assert.Equal("0", target.Scalar(
            """
            SELECT count(*) FROM (SELECT unnest(c0) e, generate_subscripts(c0, 1) - 1 i FROM t)
             WHERE e IS DISTINCT FROM CASE WHEN i % 5 = 0 THEN NULL ELSE lpad(i::VARCHAR, 20, '0') END
            """));
    }

    [Fact]
    public void Disposing_without_closing_drops_the_rows_even_after_a_rollback()
    {
        using var target = new CopyTarget(s_int4);
        target.Appender[0].Set(0, 1);
        target.Appender.AppendChunk(1);

        target.Execute("ROLLBACK");
        target.Appender.Dispose();

        Assert.Equal("0", target.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Rolling_back_takes_away_rows_that_were_flushed()
    {
        using var target = new CopyTarget(s_int4);
        for (var chunk = 0; chunk < 300; chunk++)
        {
            for (var row = 0; row < target.Appender.RowCapacity; row++)
                target.Appender[0].Set(row, row);
            target.Appender.AppendChunk(target.Appender.RowCapacity);
        }

        target.Appender.Close();
        target.Execute("ROLLBACK");

        Assert.Equal("0", target.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_missing_table_is_a_typed_error()
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        var error = Assert.Throws<EtlException>(() => new TableAppender(connection, null, "main", "missing"));
        Assert.Equal(EtlErrorCode.DestinationFailed, error.Code);
        Assert.Contains("main.missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_constraint_that_fails_is_a_typed_error_without_values()
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE strict (i INTEGER CHECK (i < 10)); BEGIN";
        command.ExecuteNonQuery();
        using var appender = new TableAppender(connection, null, "main", "strict");
        appender[0].Set(0, 4711);
        appender.AppendChunk(1);

        var error = Assert.Throws<EtlException>(appender.Close);
        Assert.Equal(EtlErrorCode.DestinationFailed, error.Code);
        Assert.DoesNotContain("4711", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_and_widths_beyond_the_vector_are_refused()
    {
        using var target = new CopyTarget(s_int4, s_text);
        var capacity = target.Appender.RowCapacity;
        Assert.Throws<ArgumentOutOfRangeException>(() => target.Appender[0].Set(capacity, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => target.Appender[0].SetNull(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => target.Appender[1].SetBytes(capacity, default));
        Assert.Throws<ArgumentOutOfRangeException>(() => target.Appender.AppendChunk(capacity + 1));
        Assert.Throws<InvalidOperationException>(() => target.Appender[0].Set(0, 1L));
        Assert.Throws<InvalidOperationException>(() => target.Appender[1].Set(0, default(Guid)));
        Assert.Throws<InvalidOperationException>(() => target.Appender[0].SetBytes(0, default));
        Assert.Throws<InvalidOperationException>(() => target.Appender[0].BeginList(0, 1, out _));
    }

    [Theory]
    [InlineData(1, int.MaxValue)]
    [InlineData(500, 2_000_000_000)]
    public void A_list_that_there_is_no_memory_for_is_refused_and_the_next_one_taken(int fields, int length)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        var element = string.Join(", ", Enumerable.Range(0, fields).Select(i => $"f{i} HUGEINT"));
        command.CommandText = $"CREATE TABLE wide (c STRUCT({element})[]); BEGIN";
        command.ExecuteNonQuery();
        using var appender = new TableAppender(connection, null, "main", "wide");
        var vector = appender[0];
        vector.BeginList(0, 0, out _);

        Assert.False(Assert.Throws<NoRoomForElementsException>(() => vector.BeginList(1, length, out _)).IsOfTheValue);

        vector.SetNull(1);
        vector.BeginList(2, 1, out var first).SetNull(first);
        appender.AppendChunk(3);
        appender.Close();
        command.CommandText = "SELECT string_agg(coalesce(len(c), -1), ' ' ORDER BY rowid) FROM wide";
        Assert.Equal("0 -1 1", command.ExecuteScalar());
    }

    [Fact]
    public void A_chunk_is_full_where_the_elements_of_its_lists_take_much_memory_and_empty_once_it_is_appended()
    {
        const int length = 1_500_000;
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE lists (c INTEGER[]); BEGIN";
        command.ExecuteNonQuery();
        using var appender = new TableAppender(connection, null, "main", "lists");
        foreach (var isFull in new[] { false, true })
        {
            var elements = appender[0].BeginList(isFull ? 1 : 0, length, out var first);
            for (var i = 0; i < length; i++) elements.Set(first + i, i);
            Assert.Equal(isFull, appender.IsFull);
        }

        appender.AppendChunk(2);

        Assert.False(appender.IsFull);
        appender.Close();
        command.CommandText = "SELECT count(*) || ' ' || sum(list_sum(c)) FROM lists";
        Assert.Equal($"2 {(long)length * (length - 1)}", command.ExecuteScalar());
    }
}
