using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>Takes values from the front of a binary form, each behind an int32 length, which is -1 for NULL.</summary>
internal ref struct WireFields(ReadOnlySpan<byte> wire)
{
    /// <summary>What has not been taken.</summary>
    public ReadOnlySpan<byte> Rest { get; private set; } = wire;

    public WireField Next(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (Rest.Length < sizeof(int))
            return WireField.Malformed;
        var length = BinaryPrimitives.ReadInt32BigEndian(Rest);
        Rest = Rest[sizeof(int)..];
        if (length == -1)
            return WireField.Null;
        if ((uint)length > (uint)Rest.Length)
            return WireField.Malformed;
        value = Rest[..length];
        Rest = Rest[length..];
        return WireField.Value;
    }

    /// <summary>Takes a number that stands without a length.</summary>
    public bool TryNext(out int number)
    {
        if (!BinaryPrimitives.TryReadInt32BigEndian(Rest, out number))
            return false;
        Rest = Rest[sizeof(int)..];
        return true;
    }
}
