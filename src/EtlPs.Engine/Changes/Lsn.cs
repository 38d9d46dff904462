using System.Globalization;

namespace EtlPs.Engine.Changes;

/// <summary>
/// A position in Postgres's write-ahead log, in bytes; written as two hexadecimal halves, <c>16/B374D848</c>.
/// </summary>
public readonly record struct Lsn(ulong Value) : IComparable<Lsn>
{
    /// <summary>Position zero: "not known" in every place where Postgres sends it.</summary>
    public static readonly Lsn Zero;

    /// <summary>Whether the position is a real one.</summary>
    public bool IsKnown => Value != 0;

    /// <summary>Reads <c>X/Y</c>.</summary>
    /// <exception cref="FormatException">The text is no LSN.</exception>
    public static Lsn Parse(string text) =>
        TryParse(text, out var lsn)
        ? lsn
        : throw new FormatException($"'{text}' is not an LSN of the form 16/B374D848.");

    /// <summary>Reads <c>X/Y</c>, or says that the text is something else.</summary>
    public static bool TryParse(string? text, out Lsn lsn)
    {
        lsn = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash <= 0
            || !uint.TryParse(
                text.AsSpan(0, slash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            || !uint.TryParse(
                text.AsSpan(slash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
            return false;
        lsn = new Lsn(((ulong)high << 32) | low);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => $"{Value >> 32:X}/{Value & uint.MaxValue:X}";

    public static bool operator <(Lsn left, Lsn right) => left.Value < right.Value;
    public static bool operator >(Lsn left, Lsn right) => left.Value > right.Value;
    public static bool operator <=(Lsn left, Lsn right) => left.Value <= right.Value;
    public static bool operator >=(Lsn left, Lsn right) => left.Value >= right.Value;

    /// <summary>Bytes of WAL from <paramref name="right"/> to <paramref name="left"/>.</summary>
    public static long operator -(Lsn left, Lsn right) => (long)(left.Value - right.Value);

    /// <summary>Bytes of WAL from <paramref name="right"/> to <paramref name="left"/>.</summary>
    public static long Subtract(Lsn left, Lsn right) => left - right;
}
