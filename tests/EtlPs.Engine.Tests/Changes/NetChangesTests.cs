using System.Text;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Tests.Changes;

public sealed class NetChangesTests
{
    private readonly PinnedArena _arena = new();

    [Fact]
    public void Two_rows_that_swap_keys_by_way_of_a_third_come_out_swapped()
    {
        var net = Net();
        Update(net, "1", "9", "a");
        Update(net, "2", "1", "b");
        Update(net, "9", "2", "a");
        Assert.Equal(["1=b", "2=a"], Apply(net, ["1=a", "2=b"]));
    }

    [Fact]
    public void A_chain_of_ids_moved_up_by_one_keeps_every_row()
    {
        var net = Net();
        Update(net, "3", "4", "c");
        Update(net, "2", "3", "b");
        Update(net, "1", "2", "a");
        Assert.Equal(["2=a", "3=b", "4=c"], Apply(net, ["1=a", "2=b", "3=c"]));
    }

    [Fact]
    public void A_row_deleted_and_inserted_again_has_the_new_value()
    {
        var net = Net();
        net.Delete(TupleBytes.Row(_arena, "1", null), false);
        net.Insert(TupleBytes.Row(_arena, "1", "new"));
        Assert.Equal(["1=new"], Apply(net, ["1=old"]));
    }

    [Fact]
    public void A_row_inserted_and_deleted_in_one_batch_leaves_nothing_to_do()
    {
        var net = Net();
        net.Insert(TupleBytes.Row(_arena, "7", "x"));
        net.Delete(TupleBytes.Row(_arena, "7", null), false);
        Assert.Equal(["1=a"], Apply(net, ["1=a"]));
    }

    [Fact]
    public void Unchanged_toast_after_an_insert_in_the_same_batch_keeps_the_inserted_value()
    {
        var net = Net();
        net.Insert(TupleBytes.Row(_arena, "1", "large"));
        net.Update(default, false, TupleBytes.Row(_arena, "1", TupleBytes.Unchanged));
        net.Update(default, false, TupleBytes.Row(_arena, "1", TupleBytes.Unchanged));
        Assert.Equal(["1=large"], Apply(net, []));
    }

    [Fact]
    public void Unchanged_toast_of_a_row_whose_key_changed_comes_from_the_row_of_the_old_key()
    {
        var net = Net();
        net.Update(TupleBytes.Row(_arena, "1", null), false, TupleBytes.Row(_arena, "2", TupleBytes.Unchanged));
        Assert.Equal(["2=large"], Apply(net, ["1=large"]));
    }

    [Fact]
    public void A_truncation_between_inserts_forgets_what_came_before()
    {
        var net = Net();
        net.Insert(TupleBytes.Row(_arena, "1", "a"));
        net.Truncate();
        net.Insert(TupleBytes.Row(_arena, "2", "b"));
        Assert.Equal(["2=b"], Apply(net, ["8=x", "9=y"]));
    }

    [Fact]
    public void A_whole_old_row_fills_what_the_new_row_leaves_out()
    {
        var net = Net();
        net.Update(TupleBytes.Row(_arena, "1", "large"), true, TupleBytes.Row(_arena, "2", TupleBytes.Unchanged));
        Assert.Equal(["2=large"], Apply(net, ["1=large"]));
    }

    [Fact]
    public void A_key_column_that_is_unchanged_toast_is_taken_from_the_old_key()
    {
        var net = Net([0, 1]);
        net.Update(
            TupleBytes.Row(_arena, "1", "large"), false, TupleBytes.Row(_arena, "2", TupleBytes.Unchanged));
        var key = Assert.Single(net.Keys.ToArray(), k => k.Image != RowImage.None);
        Assert.Equal(["2", "large"], TupleBytes.Read(net.Image(key.Image).Tuple, 2));
    }

    [Fact]
    public void A_row_that_is_updated_again_and_again_finds_its_large_value_in_one_step()
    {
        var net = Net();
        net.Insert(TupleBytes.Row(_arena, "1", "large"));
        for (var i = 0; i < 5; i++) net.Update(default, false, TupleBytes.Row(_arena, "1", TupleBytes.Unchanged));
        var key = Assert.Single(net.Keys.ToArray());
        Assert.Equal([ValueHolders.Own, 0], net.Holders(net.Image(key.Image)).ToArray());
    }

    [Fact]
    public void A_key_that_no_longer_tells_rows_apart_is_noticed()
    {
        AssertLost(
            net => net.Insert(TupleBytes.Row(_arena, "1", "b")), net => net.Insert(TupleBytes.Row(_arena, "1", "a")));
        AssertLost(net => Update(net, "2", "1", "b"), net => net.Insert(TupleBytes.Row(_arena, "1", "a")));
        AssertLost(net => net.Delete(TupleBytes.Row(_arena, "1", null), false),
            net => net.Delete(TupleBytes.Row(_arena, "1", null), false));
        AssertLost(net => net.Delete(TupleBytes.Row(_arena, "1", "b"), true),
            net => net.Insert(TupleBytes.Row(_arena, "1", "a")));
        AssertLost(net => net.Delete(TupleBytes.Row(_arena, null, "b"), true));
        AssertLost(net => net.Update(default, false, TupleBytes.Row(_arena, TupleBytes.Unchanged, "b")));

        static void AssertLost(Action<NetChanges> change, params Action<NetChanges>[] before)
        {
            var net = Net();
            foreach (var earlier in before) earlier(net);
            Assert.Equal(EtlErrorCode.SchemaChanged, Assert.Throws<TableFailedException>(() => change(net)).Error.Code);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_changes_come_out_as_if_they_were_made_one_by_one(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i < 5; i++) rows[$"{i}"] = $"old{i}";
            var before = rows.Select(r => $"{r.Key}={r.Value}").ToList();
            var net = Net();
            var steps = random.Next(1, 40);
            for (var step = 0; step < steps; step++) Change(net, rows, random, step);
            Assert.Equal(rows.Select(r => $"{r.Key}={r.Value}"), Apply(net, before));
        }
    }

    private void Change(NetChanges net, SortedDictionary<string, string> rows, Random random, int step)
    {
        if (random.Next(30) == 0)
        {
            net.Truncate();
            rows.Clear();
            return;
        }
        var key = $"{random.Next(8)}";
        if (!rows.TryGetValue(key, out var value))
        {
            net.Insert(TupleBytes.Row(_arena, key, $"v{step}"));
            rows[key] = $"v{step}";
            return;
        }
        // FULL sends whole old rows; from one change to the next the identity may become another.
        var isWhole = random.Next(3) == 0;
        var old = TupleBytes.Row(_arena, key, isWhole ? value : null);
        var target = $"{random.Next(8)}";
        if (random.Next(4) == 0)
        {
            net.Delete(old, isWhole);
            rows.Remove(key);
            return;
        }
        if (target != key && rows.ContainsKey(target)) return;
        var isSent = random.Next(2) == 0;
        net.Update(
            isWhole || target != key ? old : default, isWhole,
            TupleBytes.Row(_arena, target, isSent ? $"v{step}" : TupleBytes.Unchanged));
        rows.Remove(key);
        rows[target] = isSent ? $"v{step}" : value;
    }

    private static NetChanges Net(int[]? key = null)
    {
        var text = new PostgresType(25, -1, "text");
        var table = new TableSchema(
            1, new TableName("public", "t"), [new(1, "id", text, true), new(2, "v", text, false)], key
            ?? [0], ReplicaIdentity.Default);
        return new NetChanges(table, new PinnedArena());
    }

    private void Update(NetChanges net, string oldKey, string newKey, string value) =>
        net.Update(TupleBytes.Row(_arena, oldKey, null), false, TupleBytes.Row(_arena, newKey, value));

    /// <summary>
    /// The destination as the net changes leave it: delete by key, then add the rows, filled from what was there.
    /// </summary>
    private static List<string> Apply(NetChanges net, IEnumerable<string> before)
    {
        var old = before.ToDictionary(r => r.Split('=')[0], r => r.Split('=')[1]);
        var rows = net.Truncates ? [] : new SortedDictionary<string, string>(old, StringComparer.Ordinal);
        var added = new List<(string Key, string Value)>();
        foreach (var change in net.Keys)
        {
            if (change.Deletes) rows.Remove(Encoding.UTF8.GetString(change.Key.Bytes.Span));
            if (change.Image == RowImage.None) continue;
            var image = net.Image(change.Image);
            var holder = image.IsWhole ? ValueHolders.Own : net.Holders(image)[1];
            var value = holder switch
            {
                ValueHolders.Own => TupleBytes.Read(image.Tuple, 2)[1]!,
                ValueHolders.Destination => old[Encoding.UTF8.GetString(net.Keys[image.Base].Key.Bytes.Span)],
                _ => TupleBytes.Read(net.Image(holder).Tuple, 2)[1]!,
            };
            Assert.NotEqual(TupleBytes.Unchanged, value);
            added.Add((TupleBytes.Read(image.Tuple, 2)[0]!, value));
        }
        foreach (var (key, value) in added) rows.Add(key, value);
        return [.. rows.Select(r => $"{r.Key}={r.Value}")];
    }
}
