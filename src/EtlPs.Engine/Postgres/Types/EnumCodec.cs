using System.Text;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// An enum as an ENUM of the same labels in the same order, so that both sort it alike. The wire is the label.
/// </summary>
internal sealed class EnumCodec : ColumnCodec
{
    private readonly byte[][] _labels;
    private readonly int[] _places;

    public EnumCodec(IReadOnlyList<string> labels)
    {
        DuckDbType = $"ENUM({string.Join(", ", labels.Select(Literal))})";
        _labels = [.. labels.Select(Encoding.UTF8.GetBytes)];
        _places = [.. Enumerable.Range(0, _labels.Length)];
        Array.Sort(_labels, _places, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
    }

    public override string DuckDbType { get; }

    public override void ReadBinary(ReadOnlySpan<byte> wire, ColumnVector vector, int row) => Write(wire, vector, row);

    public override void ReadText(ReadOnlySpan<byte> wire, ColumnVector vector, int row) => Write(wire, vector, row);

    private static string Literal(string label) => $"'{label.Replace("'", "''", StringComparison.Ordinal)}'";

    private void Write(ReadOnlySpan<byte> label, ColumnVector vector, int row)
    {
        var place = Find(label);
        // DuckDB takes the least width that all labels fit in.
        if (_labels.Length <= byte.MaxValue)
            vector.Set(row, (byte)place);
        else if (_labels.Length <= ushort.MaxValue)
            vector.Set(row, (ushort)place);
        else
            vector.Set(row, (uint)place);
    }

    private int Find(ReadOnlySpan<byte> label)
    {
        var (from, to) = (0, _labels.Length - 1);
        while (from <= to)
        {
            var middle = (from + to) / 2;
            var order = label.SequenceCompareTo(_labels[middle]);
            if (order == 0)
                return _places[middle];
            (from, to) = order < 0 ? (from, middle - 1) : (middle + 1, to);
        }

        throw new TypeAlteredException("a label that its enum did not have when the table was copied");
    }
}
