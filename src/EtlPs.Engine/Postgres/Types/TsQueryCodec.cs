using System.Buffers.Binary;
using EtlPs.Engine.Changes;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>
/// tsquery: <c>'a' &amp; ( 'b':*A | !'c' ) &lt;-&gt; 'd'</c>. On the wire an operator stands before its operands, the
/// right one first; in text it has no more brackets than it needs.
/// </summary>
internal sealed class TsQueryCodec : FormattedCodec
{
    private const int MostTextOfByte = 4;
    private const int Not = 1;
    private const int And = 2;
    private const int Or = 3;
    private const int Phrase = 4;

    private static ReadOnlySpan<byte> Priorities => [0, 4, 2, 1, 3];

    public override bool HoldsText => true;

    protected override int LongestText(ReadOnlySpan<byte> wire) =>
        wire.Length is < sizeof(int) or > int.MaxValue / MostTextOfByte ? NoText : wire.Length * MostTextOfByte;

    protected override int Format(ReadOnlySpan<byte> wire, Span<byte> text)
    {
        var count = BinaryPrimitives.ReadInt32BigEndian(wire);
        // An item has two bytes at least.
        if (count < 0 || count > wire.Length / 2)
            return NoText;
        var items = new Item[count];
        if (!TryRead(wire[sizeof(int)..], items) || !TryFindOperands(items))
            return NoText;
        var writer = new AsciiWriter(text);
        Write(wire, items, ref writer);
        return writer.Length;
    }

    private static bool TryRead(ReadOnlySpan<byte> wire, Item[] items)
    {
        var all = wire;
        for (var i = 0; i < items.Length; i++)
        {
            if (wire.Length < 2)
                return false;
            if (wire[0] == 1)
            {
                if (wire.Length < 4 || wire[3..].IndexOf((byte)0) is not (>= 0 and var length))
                    return false;
                items[i] = new Item { Weights = wire[1], IsPrefix = wire[2] != 0, Start = sizeof(int)
                    + all.Length - wire.Length + 3, Length = length };
                wire = wire[(4 + length)..];
                continue;
            }

            if (wire[0] != 2 || wire[1] is < Not or > Phrase || (wire[1] == Phrase && wire.Length < 4))
                return false;
            items[i].Operator = wire[1];
            items[i].Distance = wire[1] == Phrase ? BinaryPrimitives.ReadUInt16BigEndian(wire[2..]) : 0;
            wire = wire[(wire[1] == Phrase ? 4 : 2)..];
        }

        return wire.IsEmpty;
    }

    /// <summary>Where the left operand of each operator stands: behind all of the right one.</summary>
    private static bool TryFindOperands(Item[] items)
    {
        for (var i = items.Length - 1; i >= 0; i--)
        {
            ref var item = ref items[i];
            item.End = i + 1;
            if (item.Operator == 0)
                continue;
            if (item.End == items.Length)
                return false;
            item.End = items[i + 1].End;
            if (item.Operator == Not)
                continue;
            item.Left = item.End;
            if (item.Left == items.Length)
                return false;
            item.End = items[item.Left].End;
        }

        return items.Length == 0 || items[0].End == items.Length;
    }

    // Not by recursion, whose depth the wire would decide.
    private static void Write(ReadOnlySpan<byte> wire, Item[] items, ref AsciiWriter writer)
    {
        var left = new Stack<Step>();
        if (items.Length > 0)
            left.Push(new Step(0, 0, false, StepKind.Item));
        while (left.TryPop(out var step))
        {
            ref var item = ref items[step.Item];
            switch (step.Kind)
            {
                case StepKind.Close:
                    writer.Write(" )"u8);
                    break;
                case StepKind.Operator:
                    WriteOperator(item, ref writer);
                    break;
                case StepKind.Item when item.Operator == 0:
                    WriteLexeme(wire.Slice(item.Start, item.Length), item, ref writer);
                    break;
                case StepKind.Item when item.Operator == Not:
                    writer.Write('!');
                    left.Push(new Step(step.Item + 1, Priorities[Not], false, StepKind.Item));
                    break;
                default:
                    var priority = Priorities[item.Operator];
                    if (priority < step.Outer || (item.Operator == Phrase && step.IsRightOfPhrase))
                    {
                        writer.Write("( "u8);
                        left.Push(step with { Kind = StepKind.Close });
                    }

                    left.Push(new Step(step.Item + 1, priority, item.Operator == Phrase, StepKind.Item));
                    left.Push(step with { Kind = StepKind.Operator });
                    left.Push(new Step(item.Left, priority, false, StepKind.Item));
                    break;
            }
        }
    }

    private static void WriteOperator(Item item, ref AsciiWriter writer)
    {
        if (item.Operator != Phrase || item.Distance == 1)
        {
            writer.Write(item.Operator switch { And => " & "u8, Or => " | "u8, _ => " <-> "u8 });
            return;
        }

        writer.Write(" <"u8);
        writer.Write((long)item.Distance);
        writer.Write("> "u8);
    }

    private static void WriteLexeme(ReadOnlySpan<byte> lexeme, Item item, ref AsciiWriter writer)
    {
        TsVectorCodec.WriteLexeme(lexeme, ref writer);
        if (item is { Weights: 0, IsPrefix: false })
            return;
        writer.Write(':');
        if (item.IsPrefix)
            writer.Write('*');
        for (var weight = 3; weight >= 0; weight--)
            if ((item.Weights & (1 << weight)) != 0)
                writer.Write("DCBA"[weight]);
    }

    private enum StepKind
    {
        Item,
        Operator,
        Close,
    }

    /// <summary>An operator, 1 to 4, or an operand; where it ends, and where its left operand begins.</summary>
    private record struct Item(
        byte Operator, int Distance, byte Weights, bool IsPrefix, int Start, int Length, int Left, int End);

    private readonly record struct Step(int Item, byte Outer, bool IsRightOfPhrase, StepKind Kind);
}
