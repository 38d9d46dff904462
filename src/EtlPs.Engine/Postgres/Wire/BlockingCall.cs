namespace EtlPs.Engine.Postgres.Wire;

/// <summary>Calls that wait for the network, on a thread of their own: a pool's threads are few.</summary>
internal static class BlockingCall
{
    public static Task RunAsync(Action call) => Task.Factory.StartNew(
        call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public static Task<T> RunAsync<T>(Func<T> call) => Task.Factory.StartNew(
        call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
