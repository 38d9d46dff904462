using System.Globalization;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Pipelines.Events;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Engine.Postgres;
using Npgsql;
using Polly;
using Polly.Retry;

namespace EtlPs.Engine.Pipelines.Run;

/// <summary>
/// Does work over again when its connection was lost, for as long as the user has patience. Safe because all work
/// begins at what is stored; before each try the source is looked at as at a start, since another one may answer by
/// now.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="source">The run's own session, which is opened anew.</param>
/// <param name="request">What the run was started with.</param>
/// <param name="longest">The longest time without success; zero: an error ends the run at once.</param>
internal sealed class Reconnection(PipelineRun run, NpgsqlConnection source, SurveyRequest request, TimeSpan longest)
{
    /// <summary>The time that nobody has asked otherwise for.</summary>
    public static readonly TimeSpan DefaultLongest = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(30);

    /// <summary>How often a connection was made anew.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Runs <paramref name="work"/>, which goes on from what is stored, until it ends by itself or cannot go on.
    /// </summary>
    /// <exception cref="EtlException">What cannot heal, at once; what could have healed, after the time is
    /// over.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        EtlException? lost = null;
        while (true)
        {
            var outage = new Outage(longest, TimeProvider.System);
            try
            {
                return await Retry(outage).ExecuteAsync(token => TryAsync(token), stop).ConfigureAwait(false);
            }
            catch (EtlException e) when (outage.HasBegun && IsHealable(e, outage) && outage.WasOver(Stored))
            {
                lost = e;
            }
            catch (EtlException e) when (outage.HasBegun && IsHealable(e, outage))
            {
                throw outage.GivenUp(e, $"{run.Definition.Source}");
            }

            async ValueTask<T> TryAsync(CancellationToken token)
            {
                if (lost is { } before)
                {
                    // A new outage begins with a pause, as the first one did.
                    lost = null;
                    throw before;
                }
                Lsn? walEnd = null;
                if (outage.HasBegun)
                {
                    outage.Try();
                    walEnd = await RestoreAsync(token).ConfigureAwait(false);
                    Count++;
                }
                outage.Connected(Stored, walEnd);
                try
                {
                    return await work(token).ConfigureAwait(false);
                }
                catch (Exception e) when (e is NpgsqlException or IOException)
                {
                    throw run.Source.Translate(e);
                }
            }
        }
    }

    /// <summary>
    /// Whether a new connection may help. A wrong password, a missing right or a lost slot stay what they are.
    /// </summary>
    public static bool IsHealable(EtlException error) =>
        error.Code is EtlErrorCode.ConnectionLost or EtlErrorCode.SourceUnreachable;

    // What the server still holds for the lost session, it holds until it notices: wal_sender_timeout, a minute by
    // default.
    private static bool IsHealable(EtlException error, Outage outage) =>
        IsHealable(error) || (outage.HasBegun && error.Code is EtlErrorCode.SlotActive or EtlErrorCode.NoFreeSlot);

    private StoredWork Stored => new(
        run.State.FindPipeline()?.Position ?? Lsn.Zero,
        run.State.ReadTables().Count(t => t.State is not (TableState.Pending or TableState.Copying)),
        run.State.CountRanges());

    private ResiliencePipeline Retry(Outage outage) => new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstDelay,
            MaxDelay = longest / 5 is var part && part > FirstDelay && part < LongestDelay ? part : LongestDelay,
            ShouldHandle = args => new ValueTask<bool>(
                args.Outcome.Exception is EtlException e && IsHealable(e, outage) && outage.Elapsed < longest
                && !(outage.HasBegun && outage.WasOver(Stored))),
            OnRetry = args =>
            {
                outage.Begin();
                if (!args.Context.CancellationToken.IsCancellationRequested)
                    Tell((EtlException)args.Outcome.Exception!, args.RetryDelay);
                return default;
            },
        })
        .Build();

    private void Tell(EtlException error, TimeSpan delay) => run.Tell(
        string.Create(CultureInfo.InvariantCulture, $"{error.Message} The next try is in {delay.TotalSeconds:0.0} s."),
        MilestoneLevel.Warning);

    /// <summary>Returns how far the source's WAL goes.</summary>
    private async Task<Lsn> RestoreAsync(CancellationToken stop)
    {
        // A network may swallow what it is given without closing anything.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(LongestLook);
        try
        {
            await run.Source.ReopenAsync(source, patience.Token).ConfigureAwait(false);
            var look = await SourceLook.ReadAsync(run.Definition, source, run.State.FindPipeline(), patience.Token)
                .ConfigureAwait(false);
            look.CheckContinuation(request);
            run.Follow(look.Identity, look.LeftTimeline);
            return look.Identity.WalEnd;
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw PostgresErrors.ConnectionLost(run.Definition.Source, e);
        }
        catch (Exception e) when (e is not (EtlException or OperationCanceledException))
        {
            throw run.Source.Translate(e);
        }
    }
}
