using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres;
using EtlPs.Engine.Postgres.Copy;
using EtlPs.Engine.Postgres.Wire;
using EtlPs.Engine.Sources;

namespace EtlPs.Engine.Tests.Wire;

public sealed class WireSessionTests(WireServer server) : IClassFixture<WireServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("open", "Disable", "false")]
    [InlineData("clear", "Disable", "false")]
    [InlineData("md5", "Disable", "false")]
    [InlineData("scram", "Disable", "false")]
    [InlineData("scram", "Allow", "false")]
    [InlineData("secure", "Allow", "true")]
    [InlineData("secure", "Prefer", "true")]
    [InlineData("md5", "Require", "true")]
    public async Task Each_way_to_authenticate_works_in_the_clear_and_over_TLS(
        string role, string mode, string encrypted)
    {
        await using var session = await OpenAsync(server.ConnectionString(role, more: $"SSL Mode={mode}"));

        Assert.Equal([role, encrypted, "pg_catalog"], await OneRowAsync(session));
    }

    [Theory]
    [InlineData("clear")]
    [InlineData("md5")]
    [InlineData("scram")]
    public async Task A_wrong_or_missing_password_is_told_and_not_shown(string role)
    {
        var passfile = Path.GetTempFileName();
        foreach (var password in (string?[])["wrong-canary", null])
        {
            var error = await Assert.ThrowsAsync<EtlException>(
                () => OpenAsync(server.ConnectionString(role, password, $"Passfile={passfile}")));
            Assert.Equal(EtlErrorCode.AuthenticationFailed, error.Code);
            Assert.DoesNotContain("canary", error + error.Remedy, StringComparison.Ordinal);
        }

        // With its colon escaped; the first line that fits counts.
        await File.WriteAllTextAsync(passfile,
            $"# mine\nelsewhere:*:*:*:x\n*:{server.Server.Port}:*:{role}:{WireServer.Secret}\n*:*:*:*:x\n", Token);
        await using (await OpenAsync(server.ConnectionString(role, null, $"Passfile={passfile}")))
        {
        }

        File.Delete(passfile);
    }

    [Theory]
    [InlineData("VerifyCA", "127.0.0.1", true, true)]
    [InlineData("VerifyFull", "127.0.0.1", true, true)]
    [InlineData("VerifyCA", "localhost", true, true)]
    [InlineData("VerifyFull", "localhost", true, false)]
    [InlineData("VerifyCA", "127.0.0.1", false, false)]
    [InlineData("VerifyFull", "127.0.0.1", false, false)]
    public async Task A_certificate_is_checked_as_the_mode_says(string mode, string host, bool withRoot, bool accepted)
    {
        var root = withRoot ? $";Root Certificate={server.RootCertificate}" : "";
        var text = server.ConnectionString("scram", more: $"SSL Mode={mode};Host={host}{root}");
        if (accepted)
        {
            await using var session = await OpenAsync(text);
            Assert.Equal("true", (await OneRowAsync(session))[1]);
            return;
        }

        var error = await Assert.ThrowsAsync<EtlException>(() => OpenAsync(text));
        Assert.Equal(EtlErrorCode.SourceUnreachable, error.Code);
        Assert.Contains("certificate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_unix_socket_works_and_has_no_TLS()
    {
        await using var session =
            await OpenAsync(server.ConnectionString("scram", null, $"Host={server.SocketFolder}"));

        Assert.Equal(["scram", "false", "pg_catalog"], await OneRowAsync(session));
    }

    [Fact]
    public async Task What_the_transport_does_not_speak_goes_through_npgsql()
    {
        foreach (var more in (string[])["Host=127.0.0.1,127.0.0.1", "Channel Binding=Disable"])
        {
            await using var session = await Connector(server.ConnectionString("scram", more: more))
                .OpenForCopyAsync(Token);
            Assert.IsType<NpgsqlCopySession>(session);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(";Channel Binding=Disable")]
    public async Task Settings_that_shape_values_are_ours_whatever_the_connection_string_says(string more)
    {
        const string Shown =
            "SELECT current_setting('client_encoding'), current_setting('TimeZone'), current_setting('search_path'), "
            + "current_setting('row_security')";
        var connector = Connector(server.ConnectionString(
            "open", more: "Client Encoding=LATIN1;Encoding=iso-8859-1;Timezone=Asia/Tokyo;Search "
            + "Path=public;Options=-c row_security=on" + more));

        await using var copying = await connector.OpenForCopyAsync(Token);
        Assert.Equal(["UTF8", "UTC", "pg_catalog", "off"], Assert.Single(await copying.ReadAsync(Shown, Token)));
        await using var connection = await connector.OpenAsync(Token);
        Assert.Equal(
            ["UTF8", "UTC", "pg_catalog", "off", "é→"],
            Assert.Single(await connection.ReadAsync(
                $"{Shown}, 'é→'", r => Enumerable.Range(0, 5).Select(r.GetString).ToArray(), Token)));
        await using var users = await connector.OpenForUserAsync(Token);
        Assert.Equal(
            ["UTF8", "UTC", "public", "on"],
            Assert.Single(await users.ReadAsync(
                Shown, r => Enumerable.Range(0, 4).Select(r.GetString).ToArray(), Token)));
    }

    [Fact]
    public async Task A_statement_that_is_cancelled_ends_at_once_over_TLS_too()
    {
        foreach (var mode in (string[])["Disable", "Require"])
        {
            await using var session = await OpenAsync(server.ConnectionString("open", more: $"SSL Mode={mode}"));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var waiting = session.ExecuteAsync("SELECT pg_sleep(3600)", stop.Token);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => waiting.WaitAsync(TimeSpan.FromSeconds(10), Token));
        }
    }

    [Fact]
    public async Task A_cancellation_that_cannot_be_asked_for_ends_the_wait_all_the_same()
    {
        var root = Path.GetTempFileName();
        File.Copy(server.RootCertificate, root, overwrite: true);
        await using var session =
            await OpenAsync(server.ConnectionString("open", more: $"SSL Mode=VerifyCA;Root Certificate={root}"));
        await File.WriteAllTextAsync(
            root, "-----BEGIN CERTIFICATE-----\nno certificate\n-----END CERTIFICATE-----\n", Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var waiting = session.ExecuteAsync("SELECT pg_sleep(3600)", stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => waiting.WaitAsync(TimeSpan.FromSeconds(30), Token));
        File.Delete(root);
    }

    [Fact]
    public async Task An_error_leaves_the_session_usable_and_is_told_by_its_code()
    {
        await using var session = await OpenAsync(server.ConnectionString("open"));

        var error = await Assert.ThrowsAsync<EtlException>(() => session.ReadAsync("SELECT FROM nowhere", Token));

        Assert.Equal(EtlErrorCode.TableNotFound, error.Code);
        Assert.Equal("open", (await OneRowAsync(session))[0]);
        error = await Assert.ThrowsAsync<EtlException>(
            () => OpenAsync(server.ConnectionString("open", more: "Database=nowhere")));
        Assert.Equal(EtlErrorCode.DatabaseNotFound, error.Code);
    }

    private static PostgresConnector Connector(string text) => new(SourceSettings.Parse(text));

    private static async Task<ICopySession> OpenAsync(string text)
    {
        var session = await Connector(text).OpenForCopyAsync(Token);
        Assert.IsType<WireCopySession>(session);
        return session;
    }

    private static async Task<string?[]> OneRowAsync(ICopySession session) => Assert.Single(await session.ReadAsync(
        "SELECT session_user::text, ssl::text, current_setting('search_path') FROM pg_stat_ssl WHERE pid = "
        + "pg_backend_pid()", Token));
}
