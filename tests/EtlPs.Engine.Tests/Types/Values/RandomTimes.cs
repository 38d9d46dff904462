using System.Globalization;

namespace EtlPs.Engine.Tests.Types.Values;

/// <summary>Dates and times; a negative year is one before Christ.</summary>
internal sealed class RandomTimes(RandomPieces pieces) : IRandomValues
{
    /// <summary>Postgres's last year of a date.</summary>
    public const int LastDateYear = 5_874_897;

    /// <summary>The last whole year of DuckDB's timestamps, less one for what an offset adds.</summary>
    public const int LastYear = 294_245;

    private const int FirstYear = 4700;

    public string? Of(string type) => type switch
    {
        "date" => Infinity() ?? Date(Year(LastDateYear)),
        "time" => Time(),
        "time with time zone" => $"{Time()}{Offset()}",
        "timestamp" => Infinity() ?? Timestamp(Year(LastYear)),
        "timestamp with time zone" => Infinity() ?? ZonedTimestamp(Year(LastYear)),
        "interval" => $"{(int)pieces.Bits() / 2} months {(int)pieces.Bits()} days {Hours((long)pieces.Bits() / 2)}",
        "interval hour to second" => Hours((long)pieces.Bits()),
        _ => null,
    };

    public int Year(int last)
    {
        var year = pieces.Random.Percent(50) ? pieces.Random.Between(1, last) : pieces.Random.Between(1, 4000);
        return year < FirstYear && pieces.Random.Percent(30) ? -year : year;
    }

    public string Date(int year) => Day(year) + Era(year);

    public string Timestamp(int year) => $"{Day(year)} {Time()}{Era(year)}";

    public string ZonedTimestamp(int year) => $"{Day(year)} {Time()}{Offset()}{Era(year)}";

    private static string Era(int year) => year < 0 ? " BC" : "";

    private string? Infinity() => pieces.Random.Percent(10) ? $"{pieces.Sign()}infinity" : null;

    private string Day(int year) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Math.Abs(year):0000}-{pieces.Random.Between(1, 12):00}-{pieces.Random.Between(1, 28):00}");

    private string Time() => pieces.Random.Percent(2) ? "24:00:00" : string.Create(
        CultureInfo.InvariantCulture,
        $"{pieces.Random.Below(24):00}:{pieces.Random.Below(60):00}:{pieces.Random.Below(60):00}.{Microseconds():000000}");

    // No version before 15 reads that many microseconds as such.
    private static string Hours(long microseconds)
    {
        var (seconds, rest) = (Math.Abs(microseconds / 1_000_000), Math.Abs(microseconds % 1_000_000));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(microseconds < 0 ? "-" : "")}{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}.{rest:000000}");
    }

    private int Microseconds() => pieces.Random.Below(1_000_000) / pieces.Random.Pick([1, 10, 1000]) * 10 % 1_000_000;

    private string Offset() => string.Create(
        CultureInfo.InvariantCulture,
        $"{pieces.Random.Pick(["+", "-"])}{pieces.Random.Below(16):00}:{pieces.Random.Below(60):00}:{pieces.Random.Below(60):00}");
}
