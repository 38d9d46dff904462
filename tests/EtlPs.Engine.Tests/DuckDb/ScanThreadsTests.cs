using System.Globalization;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Destinations.DuckDb.Apply;
using Xunit;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class ScanThreadsTests
{
    [Fact]
    public void A_large_table_gets_all_cores() =>
        Assert.Equal(Environment.ProcessorCount, ThreadsFor(rows: 10_000_000, asked: null));

    [Fact]
    public void A_small_table_leaves_half_of_the_cores_to_reader_and_server() =>
        Assert.Equal(DuckDbSettings.DefaultThreads, ThreadsFor(rows: 100_000, asked: null));

    [Fact]
    public void What_the_user_has_set_is_kept() =>
        Assert.Equal(Environment.ProcessorCount
            + 1, ThreadsFor(rows: 10_000_000, asked: Environment.ProcessorCount + 1));

    private static int ThreadsFor(int rows, int? asked)
    {
        var settings = new DuckDbSettings(DuckDbSettings.InMemory) { Threads = asked };
        using var file = DuckDbFile.Open(settings);
        using var connection = file.Connect();
        connection.Execute($"CREATE TABLE events AS SELECT true AS seen FROM range({rows})");

        ScanThreads.Fit(connection, settings);

        return Convert.ToInt32(connection.Scalar("SELECT current_setting('threads')"), CultureInfo.InvariantCulture);
    }
}
