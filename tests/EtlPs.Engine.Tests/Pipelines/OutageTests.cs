using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Run;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>When a lost connection counts as made good.</summary>
public sealed class OutageTests
{
    private static readonly StoredWork Before = new(new Lsn(100), Copied: 1, Ranges: 10);

    private readonly HandClock _clock = new();

    [Theory]
    [InlineData(5)]
    [InlineData(300)]
    public void Sessions_that_break_after_some_seconds_without_anything_stored_are_one_outage(int patience)
    {
        var outage = new Outage(TimeSpan.FromSeconds(patience), _clock);
        outage.Begin();
        for (var i = 0; i < 100; i++)
        {
            outage.Try();
            outage.Connected(Before, new Lsn(101));
            _clock.Pass(TimeSpan.FromSeconds(6));
            Assert.False(outage.WasOver(Before));
        }
        Assert.Equal((TimeSpan.FromSeconds(600), 100), (outage.Elapsed, outage.Tries));
    }

    [Fact]
    public void A_session_that_stored_a_position_a_table_or_a_range_was_sound()
    {
        var outage = new Outage(TimeSpan.FromMinutes(5), _clock);
        outage.Begin();
        outage.Connected(Before, new Lsn(1000));

        Assert.False(outage.WasOver(Before));
        Assert.All(
            [Before with { Position = new Lsn(101) }, Before with { Copied = 2 }, Before with { Ranges = 11 },
                Before with { Ranges = 0 }],
            stored => Assert.True(outage.WasOver(stored)));
    }

    [Fact]
    public void Where_the_source_has_nothing_new_a_session_that_holds_for_some_seconds_is_sound()
    {
        var outage = new Outage(TimeSpan.FromMinutes(5), _clock);
        outage.Begin();
        outage.Connected(Before, Before.Position);

        var atOnce = outage.WasOver(Before);
        _clock.Pass(TimeSpan.FromSeconds(6));

        Assert.Equal((false, true), (atOnce, outage.WasOver(Before)));
    }

    [Fact]
    public void A_session_that_held_longer_than_one_is_waited_for_was_sound_whatever_came()
    {
        var outage = new Outage(TimeSpan.FromMinutes(5), _clock);
        outage.Begin();
        outage.Connected(Before, new Lsn(1000));
        _clock.Pass(TimeSpan.FromMinutes(6));

        var after = outage.WasOver(Before);
        outage.Try();

        Assert.Equal((true, false), (after, outage.WasOver(Before)));
    }

    private sealed class HandClock : TimeProvider
    {
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => _now += time;

        public override long GetTimestamp() => _now.Ticks;
    }
}
