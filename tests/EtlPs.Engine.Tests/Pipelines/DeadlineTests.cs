using EtlPs.Engine.Pipelines;

namespace EtlPs.Engine.Tests.Pipelines;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(18)]
    public async Task A_time_of_any_number_of_steps_passes(int milliseconds)
    {
        using var deadline = new Deadline(TimeSpan.FromMilliseconds(milliseconds), Step, Token);

        while (!deadline.HasPassed)
            await Task.Yield();

        Assert.True(deadline.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task What_is_stopped_before_has_not_passed_and_the_longest_time_is_no_error()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using var deadline = new Deadline(TimeSpan.MaxValue, stop.Token);
        using var none = new Deadline(null, stop.Token);

        var begun = (deadline.Token.IsCancellationRequested, none.Token.IsCancellationRequested);
        await stop.CancelAsync();

        Assert.Equal((false, false), begun);
        Assert.True(deadline.Token.IsCancellationRequested && none.Token.IsCancellationRequested);
        Assert.False(deadline.HasPassed || none.HasPassed);
    }
}
