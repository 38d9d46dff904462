using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Tests.Types;

namespace EtlPs.Engine.Tests.Copy;

public sealed class BinaryCopyDecoderTests
{
    private static readonly PostgresType s_int4 = new(23, -1, "integer");
    private static readonly PostgresType s_numeric = new(1700, -1, "numeric");
    private static readonly PostgresType s_text = new(25, -1, "text");
    private static readonly PostgresType s_list = new(1007, -1, "integer[]");
    private static readonly PostgresType s_float8 = new(701, -1, "double precision");

    public static TheoryData<string> Corruptions =>
    [
        "signature", "flags", "header length", "columns", "more columns", "negative length", "huge length",
        "after the trailer",
        "second trailer",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(13)]
    [InlineData(61)]
    [InlineData(4093)]
    public void Rows_may_be_cut_by_blocks_anywhere(int growth)
    {
        using var target = new CopyTarget(s_int4, s_text, s_list);
        var decoder = Feed(target, Sample(300).ToArray(), () => growth);

        Assert.True(decoder.IsComplete);
        AssertSample(target, decoder, 300);
    }

    [Fact]
    public void Blocks_of_random_sizes_make_the_same_rows()
    {
        var random = new Random(20_261_122);
        for (var round = 0; round < 5; round++)
        {
            using var target = new CopyTarget(s_int4, s_text, s_list);
            var decoder = Feed(target, Sample(7000).ToArray(), () => random.Next(1, 40_000));
            AssertSample(target, decoder, 7000);
        }
    }

    [Fact]
    public void A_hundred_thousand_rows_arrive_whole()
    {
        using var target = new CopyTarget(s_int4, s_text, s_list);
        var decoder = Feed(target, Sample(100_000).ToArray(), () => 1 << 20);
        AssertSample(target, decoder, 100_000);
    }

    [Fact]
    public void An_empty_copy_is_complete_with_its_trailer_only()
    {
        using var target = new CopyTarget(s_int4, s_text, s_list);
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);

        Assert.Equal(CopyBytes.Header.Length, decoder.Decode(CopyBytes.Header));
        Assert.False(decoder.IsComplete);
        Assert.Equal(2, decoder.Decode([0xFF, 0xFF]));
        Assert.True(decoder.IsComplete);
        Assert.Equal(0, decoder.Rows);
    }

    [Fact]
    public void Codecs_must_be_as_many_as_the_tables_columns()
    {
        using var target = new CopyTarget(s_int4);
        Assert.Throws<ArgumentException>(() => new BinaryCopyDecoder([], [], target.Appender));
    }

    [Theory]
    [MemberData(nameof(Corruptions))]
    public void What_is_no_copy_of_these_columns_is_a_protocol_violation(string corruption)
    {
        using var target = new CopyTarget(s_int4, s_text);
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        var row = new CopyBytes().Row(CopyBytes.Int4(1), "x"u8.ToArray());
        var bytes = corruption switch
        {
            "columns" => row.Row(CopyBytes.Int4(1)).ToArray(),
            "more columns" => row.Row(CopyBytes.Int4(1), null, null).ToArray(),
            "negative length" => row.Int16(2).Raw(CopyBytes.Int4(-2)).ToArray(),
            "huge length" => row.Int16(2).Raw(CopyBytes.Int4(int.MaxValue)).ToArray(),
            "after the trailer" => row.Trailer().Raw(1).ToArray(),
            "second trailer" => row.Trailer().Trailer().ToArray(),
            _ => row.Trailer().ToArray(),
        };
        if (corruption == "signature")
            bytes[9] = 0;
        if (corruption == "flags")
            bytes[12] = 1;
        if (corruption == "header length")
            bytes[15] = 0x80;

        var error = Assert.Throws<EtlException>(() => decoder.Decode(bytes));
        Assert.Equal(EtlErrorCode.ProtocolViolation, error.Code);
    }

    [Fact]
    public void A_value_of_a_type_that_was_altered_fails_its_own_row_where_NULL_takes_the_place_of_values_before()
    {
        var pair = new PostgresType(16_385, -1, "pair")
        {
            Structure = new CompositeStructure(
                [new("price", new(1700, ((10 << 16) | 2) + 4, "numeric(10,2)")), new("n", s_int4)]),
        };
        using var target = new CopyTarget(pair);
        var carriage = new ColumnCarriage(OnUnrepresentable: OnUnrepresentable.Null);
        var columns = target.Columns.Select(c => c with { Carriage = carriage }).ToList();
        byte[] nan =
        [
            .. CopyBytes.Int4(2), .. CopyBytes.Int4(1700), .. CopyBytes.Int4(8), 0, 0, 0, 0, 0xC0, 0, 0, 0,
            .. CopyBytes.Int4(23), .. CopyBytes.Int4(-1),
        ];
        var losses = new LossRows();
        var decoder = new BinaryCopyDecoder(columns, target.Codecs, target.Appender, losses);
        decoder.Decode(new CopyBytes().Row(nan).ToArray());
        var bytes = new CopyBytes().Row(nan).Row(CopyBytes.Int4(3)).Trailer().ToArray()[CopyBytes.Header.Length..];

        var error = Assert.Throws<UnrepresentableFieldException>(() => decoder.Decode(CopyTarget.Pinned(bytes)));

        Assert.Equal((0, sizeof(short) + sizeof(int) + nan.Length), (error.Column, error.RowOffset));
        Assert.Contains("other attributes", error.Reason, StringComparison.Ordinal);
        Assert.Equal([CopyBytes.Header.Length], losses.Offsets);
    }

    [Fact]
    public void Values_far_larger_than_their_wire_do_not_wait_for_a_full_chunk()
    {
        using var target = new CopyTarget(
            s_int4, s_numeric, s_numeric, new PostgresType(1700, ((10 << 16) | 2) + 4, "numeric(10,2)"));
        var carriage = new ColumnCarriage(OnUnrepresentable: OnUnrepresentable.Null);
        var lastRow = 0;
        var observed = new ObservedCodec(target.Codecs[1]) { OnRead = row => lastRow = Math.Max(lastRow, row) };
        var losses = new LossRows();
        var decoder = new BinaryCopyDecoder(
            [.. target.Columns.Select(c => c with { Carriage = carriage })],
                [target.Codecs[0], observed, .. target.Codecs.Skip(2)], target.Appender, losses);
        byte[] huge = [0, 1, 0x7F, 0xFF, 0, 0, 0, 0, 0, 1];
        byte[] nan = [0, 0, 0, 0, 0xC0, 0, 0, 0];
        var bytes = new CopyBytes();
        for (var i = 0; i < 300; i++) bytes.Row(CopyBytes.Int4(i), huge, huge, nan);
        decoder.Decode(bytes.Trailer().ToArray());
        target.Commit();

        Assert.True(decoder.IsComplete);
        Assert.Equal((300, true), (decoder.Rows, lastRow < 100));
        Assert.Equal(
            ["300", "300", "0", $"{300 * 131_069L}", $"{300 * 131_069L}", "0"],
            target.Query(
                "SELECT count(*), count(DISTINCT c0), min(c0), sum(length(c1)), sum(length(c2)), count(c3) FROM t")[0]);
        Assert.Equal((300, 300), (losses.Offsets.Count, losses.Offsets.Distinct().Count()));
    }

    [Fact]
    public void A_header_extension_is_skipped()
    {
        using var target = new CopyTarget(s_int4);
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        byte[] bytes = [.. CopyBytes.Header[..^1], 3, 7, 7, 7, 0xFF, 0xFF];

        Assert.Equal(0, decoder.Decode(bytes.AsSpan(0, 21)));
        Assert.Equal(bytes.Length, decoder.Decode(bytes));
        Assert.True(decoder.IsComplete);
    }

    [Fact]
    public void A_truncated_row_stays_unconsumed_at_every_length()
    {
        var bytes = new CopyBytes().Row(CopyBytes.Int4(1), "a longer text than 12"u8.ToArray()).ToArray();
        for (var length = CopyBytes.Header.Length; length < bytes.Length; length++)
        {
            using var target = new CopyTarget(s_int4, s_text);
            var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
            Assert.Equal(CopyBytes.Header.Length, decoder.Decode(bytes.AsSpan(0, length)));
            Assert.Equal(0, decoder.Rows);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1700)]
    [InlineData(4999)]
    public void A_value_that_cannot_be_held_is_found_by_column_and_row(int badRow)
    {
        using var target = new CopyTarget(s_int4, s_text);
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        var bytes = new CopyBytes();
        for (var i = 0; i < 5000; i++)
            bytes.Row(i % 3 == 0 ? null : CopyBytes.Int4(i), i == badRow ? [0xC3, 0x28] : "fine"u8.ToArray());
        bytes.Row(CopyBytes.Int4(1), [0xFF]);
        var block = bytes.Trailer().ToArray();

        var error = Assert.Throws<UnrepresentableFieldException>(() => decoder.Decode(block));

        Assert.Equal(1, error.Column);
        Assert.Equal("bytes that are no UTF-8", error.Reason);
        var key = new CopyRow(block, error.RowOffset).Locate(0);
        var value = new CopyRow(block, error.RowOffset).Locate(1);
        Assert.Equal(badRow % 3 == 0, key.IsNull);
        if (!key.IsNull)
            Assert.Equal(CopyBytes.Int4(badRow), block[key.Offset..(key.Offset + key.Length)]);
        Assert.Equal([0xC3, 0x28], block[value.Offset..(value.Offset + value.Length)]);
    }

    [Fact]
    public void Decoding_allocates_nothing_per_row()
    {
        using var target = new CopyTarget(s_int4, s_text, s_list, s_float8);
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        var rows = new CopyBytes();
        for (var i = 0; i < 5000; i++)
            rows.Row(
                CopyBytes.Int4(i), "more than twelve bytes"u8.ToArray(), List(i, null), BitConverter.GetBytes(1.5));
        var block = rows.ToArray();
        decoder.Decode(block);
        var body = CopyTarget.Pinned(block.AsSpan(CopyBytes.Header.Length));
        decoder.Decode(body);

        var before = GC.GetAllocatedBytesForCurrentThread();
        decoder.Decode(body);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    private static BinaryCopyDecoder Feed(CopyTarget target, byte[] bytes, Func<int> growth)
    {
        var decoder = new BinaryCopyDecoder(target.Columns, target.Codecs, target.Appender);
        var buffer = CopyTarget.Pinned(bytes);
        var (consumed, available) = (0, 0);
        while (consumed < bytes.Length)
        {
            available = Math.Min(bytes.Length, available + growth());
            var block = available - consumed;
            bytes.AsSpan(consumed, block).CopyTo(buffer);
            consumed += decoder.Decode(buffer.AsSpan(0, block));

            // What was decoded must not be looked at again.
            buffer.AsSpan(0, block).Fill(0xEE);
            Assert.True(available < bytes.Length || consumed == bytes.Length);
        }

        target.Commit();
        return decoder;
    }

    private static string? Text(int i) => i % 11 == 0 ? null : new string('t', i % 23) + (i % 5 == 0 ? "é😀" : "") + i;

    private static int?[]? Elements(int i) =>
        i % 7 == 0 ? null : [.. Enumerable.Range(0, i % 9).Select(n => (i + n) % 4 == 0 ? (int?)null : i + n)];

    private static byte[] List(params int?[] elements)
    {
        if (elements.Length == 0)
            return [.. CopyBytes.Int4(0), .. CopyBytes.Int4(0), .. CopyBytes.Int4(23)];
        IEnumerable<byte> bytes = [.. CopyBytes.Int4(1), .. CopyBytes.Int4(1), .. CopyBytes.Int4(23),
            .. CopyBytes.Int4(elements.Length), .. CopyBytes.Int4(1)];
        foreach (var element in elements)
            bytes = element is { } value
                ? [.. bytes, .. CopyBytes.Int4(4), .. CopyBytes.Int4(value)]
                : [.. bytes, .. CopyBytes.Int4(-1)];
        return [.. bytes];
    }

    private static CopyBytes Sample(int rows)
    {
        var bytes = new CopyBytes();
        for (var i = 0; i < rows; i++)
            bytes.Row(
                i % 3 == 0 ? null : CopyBytes.Int4(i),
                Text(i) is { } text ? Encoding.UTF8.GetBytes(text) : null,
                Elements(i) is { } elements ? List(elements) : null);
        return bytes.Trailer();
    }

    private static void AssertSample(CopyTarget target, BinaryCopyDecoder decoder, int rows)
    {
        Assert.Equal(rows, decoder.Rows);
        var actual = target.Query(
            "SELECT c0, c1, array_to_string(list_transform(c2, lambda x: coalesce(x::VARCHAR, '~')), ',') FROM t");
        Assert.Equal(rows, actual.Count);
        for (var i = 0; i < rows; i++)
        {
            string?[] expected =
            [
                i % 3 == 0 ? null : $"{i}",
                Text(i),
                Elements(i) is { } elements ? string.Join(',', elements.Select(e => e is null ? "~" : $"{e}")) : null,
            ];
            if (!expected.SequenceEqual(actual[i]))
                Assert.Equal(expected, actual[i]);
        }
    }

    private sealed class LossRows : ICopyLosses
    {
        public List<int> Offsets { get; } = [];

        public void Add(int column, ReadOnlySpan<byte> block, int rowOffset, string kind) => Offsets.Add(rowOffset);
    }
}
