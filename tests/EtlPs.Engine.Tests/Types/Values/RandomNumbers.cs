using System.Globalization;
using System.Numerics;

namespace EtlPs.Engine.Tests.Types.Values;

internal sealed class RandomNumbers(RandomPieces pieces) : IRandomValues
{
    private const int MostDecimalDigits = 38;

    public string? Of(string type) => type switch
    {
        "boolean" => pieces.Random.Pick(["true", "false"]),
        "smallint" => $"{(short)pieces.Bits()}",
        "integer" => $"{(int)pieces.Bits()}",
        "bigint" => $"{(long)pieces.Bits()}",
        "positive" => $"{Math.Max(1, (int)pieces.Bits() & int.MaxValue)}",
        "small" => $"{pieces.Random.Between(1, 99)}",
        "real" => Text(BitConverter.UInt32BitsToSingle((uint)pieces.Random.Next())),
        "double precision" => Text(BitConverter.UInt64BitsToDouble(pieces.Random.Next())),
        "money" => Money(),
        "numeric" => Numeric(),
        "price" => Declared(10, 2),
        _ when type.StartsWith("numeric(", StringComparison.Ordinal) => Declared(type),
        _ => null,
    };

    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    private string Declared(string type)
    {
        var numbers = type["numeric(".Length..^1].Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture))
            .ToArray();
        return Declared(numbers[0], numbers[1]);
    }

    private string Declared(int precision, int scale)
    {
        if (precision > MostDecimalDigits && pieces.Random.Percent(5))
            return "NaN";
        if (scale <= 0)
            return $"{pieces.Sign()}{pieces.Digits(pieces.Random.Between(1, precision))}{new string('0', -scale)}";
        return scale < precision
            ? $"{pieces.Sign()}{pieces.Digits(pieces.Random.Between(1, precision - scale))}.{pieces.Digits(scale)}"
            : $"{pieces.Sign()}0.{new string('0', scale - precision)}{pieces.Digits(precision)}";
    }

    private string Numeric() => pieces.Random.Below(20) switch
    {
        0 => "NaN",
        1 => $"{pieces.Sign()}Infinity",
        2 => $"{pieces.Sign()}{pieces.Digits(1000)}.{pieces.Digits(pieces.Random.Below(1000))}0",
        < 6 => $"{pieces.Sign()}0.{new string('0', pieces.Random.Below(50))}{pieces.Digits(pieces.Random.Between(1, 30))}",
        _ => $"{pieces.Sign()}{pieces.Digits(pieces.Random.Between(1, 40))}.{pieces.Digits(pieces.Random.Between(1, 20))}",
    };

    private string Money()
    {
        var units = (BigInteger)(long)pieces.Bits();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(units < 0 ? "-" : "")}{BigInteger.Abs(units) / 100}.{(int)(BigInteger.Abs(units) % 100):00}");
    }
}
