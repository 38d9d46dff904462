namespace EtlPs.Engine.Postgres.Types;

internal static class HexDigit
{
    /// <summary>0 to 15, or -1 for a character that is no hexadecimal digit.</summary>
    public static int Value(byte character) => character switch
    {
        >= (byte)'0' and <= (byte)'9' => character - '0',
        >= (byte)'a' and <= (byte)'f' => character - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => character - 'A' + 10,
        _ => -1,
    };

    /// <summary>The digit of 0 to 15, in lower case.</summary>
    public static byte Of(int value) => (byte)(value < 10 ? '0' + value : 'a' + value - 10);
}
