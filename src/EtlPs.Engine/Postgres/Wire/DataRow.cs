using System.Buffers.Binary;
using System.Text;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>A row of a query's result, as text.</summary>
internal static class DataRow
{
    public static string?[] Read(ReadOnlySpan<byte> body)
    {
        if (body.Length < sizeof(short) || BinaryPrimitives.ReadInt16BigEndian(body) is var count && count < 0)
            throw Torn();
        body = body[sizeof(short)..];
        var row = new string?[count];
        for (var i = 0; i < row.Length; i++)
        {
            if (body.Length < sizeof(int))
                throw Torn();
            var length = BinaryPrimitives.ReadInt32BigEndian(body);
            body = body[sizeof(int)..];
            if (length < 0)
                continue;
            if (length > body.Length)
                throw Torn();
            row[i] = Encoding.UTF8.GetString(body[..length]);
            body = body[length..];
        }

        return row;
    }

    private static EtlException Torn() => WireViolation.Error("a row is shorter than it says");
}
