using DuckDB.NET.Data;
using EtlPs.Engine.Destinations.DuckDb;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Tests.DuckDb;

public sealed class DuckDbErrorsTests
{
    [Theory]
    [InlineData("SELECT 'secret value'::INTEGER")]
    [InlineData("SELECT error('secret value')")]
    [InlineData("SELECT ['secret value']::INTEGER[]")]
    [InlineData("CREATE TABLE u (s VARCHAR PRIMARY KEY); INSERT INTO u VALUES ('secret value'), ('secret value')")]
    [InlineData("SELECT * FROM \"secret value\"")]
    public void An_error_keeps_its_kind_and_subject_and_no_value(string sql)
    {
        using var file = DuckDbFile.Open(new DuckDbSettings(DuckDbSettings.InMemory));
        using var connection = file.Connect();
        var original = Assert.Throws<DuckDBException>(() => connection.Execute(sql));

        var error = DuckDbErrors.Translate(original, "public.orders");

        Assert.Contains("secret value", original.Message, StringComparison.Ordinal);
        Assert.Equal(EtlErrorCode.DestinationFailed, error.Code);
        Assert.Equal("public.orders", error.Subject);
        Assert.Contains("public.orders", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("unknown", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_little_memory_names_the_setting()
    {
        using var file = DuckDbFile.Open(
            new DuckDbSettings(DuckDbSettings.InMemory) { MemoryLimit = 20_000_000, Threads = 1 });
        using var connection = file.Connect();
        connection.Execute("SET max_temp_directory_size = '0B'");
        var original = Assert.Throws<DuckDBException>(
            () => connection.Execute("SELECT list(i) FROM range(10_000_000) r(i)"));

        Assert.Contains("-MemoryLimit", DuckDbErrors.Translate(original, null).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("IO Error: Could not write file \"/x/a.duckdb.wal\": No space left on device",
        EtlErrorCode.DestinationFull)]
    [InlineData("IO Error: Could not write file \"C:\\a\": There is not enough space on the disk.",
        EtlErrorCode.DestinationFull)]
    [InlineData("IO Error: Could not set lock on file \"/x\": Conflicting lock is held in /d (PID 42) by u.",
        EtlErrorCode.DestinationLocked)]
    [InlineData("DuckDBOpen failed: IO Error: Cannot open file \"/x\": Permission denied",
        EtlErrorCode.DestinationUnavailable)]
    [InlineData("IO Error: Cannot open file \"/x\": Read-only file system", EtlErrorCode.DestinationUnavailable)]
    [InlineData("TransactionContext Error: Failed to commit: Conflict on tuple deletion!",
        EtlErrorCode.DestinationFailed)]
    public void What_the_operating_system_said_decides_the_code(string message, EtlErrorCode code)
    {
        var error = DuckDbErrors.Translate(new InvalidOperationException(message), "copy.duckdb");

        Assert.Equal(code, error.Code);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void An_error_that_is_already_ours_passes_through()
    {
        var error = new EtlException(EtlErrorCode.TimedOut, "a", "b");

        Assert.Same(error, DuckDbErrors.Translate(error, "x"));
        Assert.Same(error, DuckDbErrors.TranslateQuery(error));
    }
}
