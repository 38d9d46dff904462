using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Copy;

/// <summary>One whole row of a COPY BINARY block, to look at single fields.</summary>
internal readonly ref struct CopyRow(ReadOnlySpan<byte> block, int rowOffset)
{
    private readonly ReadOnlySpan<byte> _row = block[rowOffset..];

    /// <summary>Where a column's bytes are, from the start of the block.</summary>
    public CopyField Locate(int column)
    {
        var position = sizeof(short);
        for (; ; column--)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(_row[position..]);
            position += sizeof(int);
            if (column == 0)
                return new CopyField(rowOffset + position, length);
            position += Math.Max(length, 0);
        }
    }
}
