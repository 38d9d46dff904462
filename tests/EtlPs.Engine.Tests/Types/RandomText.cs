using System.Globalization;
using System.Numerics;
using System.Text;
using EtlPs.Engine.Tests.Differential;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Random values of a type as text that its input function reads.</summary>
internal sealed class RandomText(SplitMix random)
{
    private static readonly string[] s_pieces =
    [
        "a", "B", " ", "'", "\"", "\\", "\\N", "NULL", "{", "}", "(", ")", "[", "]", ",", ";", "=>", "é", "日本", "😀", "\t", "\n", "\x01", "x y", "0",
    ];

    /// <summary>The types that there are random values of.</summary>
    public static IReadOnlyList<string> Types { get; } =
    [
        "smallint", "integer", "bigint", "real", "double precision", "numeric(9,9)", "numeric(38,10)", "numeric", "money", "text", "bytea",
        "date", "time", "time with time zone", "timestamp", "timestamp with time zone", "interval", "uuid", "json", "jsonb", "bit(11)",
        "bit varying", "inet", "macaddr8", "oid", "xid8", "tid", "pg_lsn", "tsvector", "point", "path", "polygon", "circle", "mood", "pair",
        "int4range", "numrange", "textrange", "nummultirange", "hstore", "integer[]", "text[]", "integer[][]", "text[][][]", "pair[]", "textrange[]",
        "numeric[]",
    ];

    public string Of(string type) => type switch
    {
        "smallint" => $"{(short)Bits()}",
        "integer" => $"{(int)Bits()}",
        "bigint" => $"{(long)Bits()}",
        "real" => Number(BitConverter.UInt32BitsToSingle((uint)random.Next())),
        "double precision" => Number(BitConverter.UInt64BitsToDouble(random.Next())),
        "numeric(9,9)" => $"{Sign()}0.{Digits(9)}",
        "numeric(38,10)" => $"{Sign()}{Digits(random.Between(1, 28))}.{Digits(10)}",
        "numeric" => Numeric(),
        "money" => Money(),
        "text" => Text(),
        "bytea" => $"\\x{Hex(random.Below(40))}",
        "date" => Date(5_874_897),
        "time" => Time(),
        "time with time zone" => $"{Time()}{Offset()}",
        "timestamp" => $"{Day(294_246)} {Time()}{Era()}",
        "timestamp with time zone" => $"{Day(294_245)} {Time()}{Offset()}{Era()}",
        "interval" => $"{(int)Bits() / 2} months {(int)Bits()} days {(long)Bits() / 2} microseconds",
        "uuid" => Hex(16),
        "json" or "jsonb" => Json(3),
        "bit(11)" => Binary(11),
        "bit varying" => Binary(random.Below(100)),
        "inet" => Inet(),
        "macaddr8" => Hex(8),
        "oid" => $"{(uint)Bits()}",
        "xid8" => $"{Bits()}",
        "tid" => $"({(uint)Bits()},{(ushort)Bits()})",
        "pg_lsn" => $"{(uint)Bits():X}/{(uint)Bits():X}",
        "tsvector" => string.Join(' ', Many(5, () => $"'{Text().Replace("\\", "\\\\").Replace("'", "''")}x'{Positions()}")),
        "point" => Point(),
        "path" => random.Percent(50) ? $"[{Points()}]" : $"({Points()})",
        "polygon" => $"({Points()})",
        "circle" => $"<{Point()},{Math.Abs((int)Bits())}>",
        "mood" => random.Pick(["sad", "it's \"ok\"", "happy 😀", "\\back", ""]),
        "pair" => $"({Maybe("integer")},{Maybe("text")},{Maybe("numeric(9,9)")})",
        "int4range" => Range(() => $"{(int)Bits() / 2}", isOrdered: true),
        "numrange" => Range(() => Digits(random.Between(1, 30)), isOrdered: true),
        "textrange" => Range(Text, isOrdered: false),
        "nummultirange" => $"{{{string.Join(',', Many(4, () => Range(() => Digits(5), isOrdered: true)))}}}",
        "hstore" => string.Join(", ", Many(5, () => $"{Quote(Text())}=>{(random.Percent(20) ? "NULL" : Quote(Text()))}")),
        "integer[][]" => Array("integer", 2),
        "text[][][]" => Array("text", 3),
        _ when type.EndsWith("[]", StringComparison.Ordinal) => Array(type[..^2], 1),
        _ => throw new NotSupportedException(type),
    };

    // As often small and round as large.
    private ulong Bits() => random.Next() >> random.Pick([0, 1, 32, 33, 56, 63, 64]) is var bits && random.Percent(50) ? bits : ~bits;

    private string Sign() => random.Percent(50) ? "-" : "";

    private string Digits(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + (random.Percent(30) ? 0 : random.Below(10)))));

    private string Hex(int bytes) => string.Concat(Enumerable.Range(0, bytes).Select(_ => $"{random.Below(256):x2}"));

    private string Binary(int bits) => string.Concat(Enumerable.Range(0, bits).Select(_ => random.Below(2)));

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    private string Numeric() => random.Below(20) switch
    {
        0 => "NaN",
        1 => $"{Sign()}Infinity",
        2 => $"{Sign()}{Digits(1000)}.{Digits(random.Below(1000))}0",
        < 6 => $"{Sign()}0.{new string('0', random.Below(50))}{Digits(random.Between(1, 30))}",
        _ => $"{Sign()}{Digits(random.Between(1, 40))}.{Digits(random.Between(1, 20))}",
    };

    private string Money()
    {
        var units = (BigInteger)(long)Bits();
        return string.Create(CultureInfo.InvariantCulture, $"{(units < 0 ? "-" : "")}{BigInteger.Abs(units) / 100}.{(int)(BigInteger.Abs(units) % 100):00}");
    }

    private string Text() => string.Concat(Many(6, () => random.Pick(s_pieces)));

    private string Date(int lastYear) => random.Below(20) switch
    {
        0 => "infinity",
        1 => "-infinity",
        _ => Day(lastYear) + Era(),
    };

    private int _year;

    private string Day(int lastYear)
    {
        _year = random.Percent(50) ? random.Between(1, lastYear) : random.Between(1, 4000);
        return string.Create(CultureInfo.InvariantCulture, $"{_year:0000}-{random.Between(1, 12):00}-{random.Between(1, 28):00}");
    }

    private string Era() => _year < 4700 && random.Percent(30) ? " BC" : "";

    private string Time() => string.Create(
        CultureInfo.InvariantCulture,
        $"{random.Below(24):00}:{random.Below(60):00}:{random.Below(60):00}.{random.Below(1_000_000) / random.Pick([1, 10, 1000]) * 10 % 1_000_000:000000}");

    private string Offset() => string.Create(
        CultureInfo.InvariantCulture, $"{random.Pick(["+", "-"])}{random.Below(16):00}:{random.Below(60):00}:{random.Below(60):00}");

    private string Json(int depth) => random.Below(depth > 0 ? 7 : 5) switch
    {
        0 => "null",
        1 => "true",
        2 => $"{(long)Bits()}",
        3 => $"{Sign()}{random.Below(100)}.{Digits(30)}e{random.Below(50)}",
        4 => JsonText(),
        5 => $"[{string.Join(", ", Many(4, () => Json(depth - 1)))}]",
        _ => $"{{{string.Join(" , ", Many(4, () => $"{JsonText()}:  {Json(depth - 1)}"))}}}",
    };

    private string JsonText() => System.Text.Json.JsonSerializer.Serialize(Text());

    private string Inet()
    {
        if (random.Percent(40))
            return string.Create(CultureInfo.InvariantCulture, $"{random.Below(256)}.{random.Below(256)}.{random.Below(2)}.{random.Below(256)}/{random.Below(33)}");
        var groups = Enumerable.Range(0, 8).Select(_ => random.Percent(60) ? "0" : $"{random.Below(65536):x}");
        return string.Create(CultureInfo.InvariantCulture, $"{string.Join(':', groups)}/{random.Below(129)}");
    }

    private string Positions() => random.Percent(50)
        ? "" : $":{string.Join(',', Many(4, () => $"{random.Between(1, 16383)}{random.Pick(["", "A", "B", "C"])}").DefaultIfEmpty("1"))}";

    private string Point() => $"({Number((double)(long)Bits() / 1024)},{Number(BitConverter.UInt64BitsToDouble(random.Next() & ~(1UL << 62)))})";

    private string Points() => string.Join(',', Many(5, Point).DefaultIfEmpty("(0,0)"));

    private string Range(Func<string> bound, bool isOrdered)
    {
        if (random.Percent(10))
            return "empty";
        var bounds = new[] { bound(), bound() };
        System.Array.Sort(bounds, isOrdered
            ? Comparer<string>.Create((a, b) => BigInteger.Parse(a, CultureInfo.InvariantCulture).CompareTo(BigInteger.Parse(b, CultureInfo.InvariantCulture)))
            : Comparer<string>.Create((a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b))));
        return $"{random.Pick(["[", "("])}{(random.Percent(15) ? "" : Quote(bounds[0]))},{(random.Percent(15) ? "" : Quote(bounds[1]))}{random.Pick(["]", ")"])}";
    }

    private string Array(string element, int dimensions)
    {
        if (random.Percent(10))
            return "{}";
        var sizes = Enumerable.Range(0, dimensions).Select(_ => random.Between(1, 4)).ToArray();
        return Inner(0);

        string Inner(int depth) => $"{{{string.Join(',', Enumerable.Range(0, sizes[depth]).Select(_ =>
            depth + 1 < dimensions ? Inner(depth + 1) : random.Percent(20) ? "NULL" : Quote(Of(element))))}}}";
    }

    private string Maybe(string type) => random.Percent(20) ? "" : Quote(Of(type));

    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";

    private List<string> Many(int most, Func<string> make) => Enumerable.Range(0, random.Below(most)).Select(_ => make()).ToList();
}
