using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Sources;
using Npgsql;
using Xunit;

namespace EtlPs.Engine.Tests.Sources;

public sealed class SourceSettingsTests
{
    private const string Secret = "s3cr3t-canary";

    [Fact]
    public void A_keyword_string_is_read_as_npgsql_takes_it()
    {
        var settings = SourceSettings.Parse(
            $"Host=db1;Port=5433;Database=shop;Username=etl;Password={Secret};SSL Mode=Require");

        Assert.Equal(
            ("db1", 5433, "shop", "etl"), (settings.Host, settings.Port, settings.Database, settings.UserName));
        Assert.Equal(SslMode.Require, Builder(settings).SslMode);
        Assert.Equal("shop on db1:5433 as etl", settings.ToString());
    }

    [Fact]
    public void A_uri_is_read_with_percent_encoding()
    {
        var settings = SourceSettings.Parse(
            "postgresql://et%40l:p%3Fa%2Fs%40s%3A%25@db1:6000/sh%20op?sslmode=verify-full&sslrootcert=/ca%20dir/ca.pem"
            + "&application_name=night%20job&connect_timeout=7");

        Assert.Equal(
            ("db1", 6000, "sh op", "et@l"), (settings.Host, settings.Port, settings.Database, settings.UserName));
        var builder = Builder(settings);
        Assert.Equal("p?a/s@s:%", builder.Password);
        Assert.Equal(SslMode.VerifyFull, builder.SslMode);
        Assert.Equal("/ca dir/ca.pem", builder.RootCertificate);
        Assert.Equal("night job", builder.ApplicationName);
        Assert.Equal(7, builder.Timeout);
    }

    [Theory]
    [InlineData("postgres://db1", "db1", 5432)]
    [InlineData("postgres://db1/", "db1", 5432)]
    [InlineData("postgres://db1:6000", "db1", 6000)]
    [InlineData("postgres://[::1]:6000/shop", "::1", 6000)]
    [InlineData("postgres://%2Fvar%2Frun/shop", "/var/run", 5432)]
    [InlineData("postgres:///shop?host=/tmp&port=7000", "/tmp", 7000)]
    [InlineData("POSTGRES://db1?dbname=shop", "db1", 5432)]
    public void A_uri_may_leave_parts_out(string text, string host, int port)
    {
        var settings = SourceSettings.Parse(text);

        Assert.Equal((host, port), (settings.Host, settings.Port));
    }

    [Fact]
    public void The_database_is_named_after_the_user_where_none_is_given() =>
        Assert.Equal("etl", SourceSettings.Parse("Host=db1;Username=etl").Database);

    [Fact]
    public void The_application_name_is_EtlPs_unless_another_is_given()
    {
        Assert.Equal("EtlPs", Builder(SourceSettings.Parse("Host=db1")).ApplicationName);
        Assert.Equal("x", Builder(SourceSettings.Parse("Host=db1;Application Name=x")).ApplicationName);
    }

    [Fact]
    public void Settings_are_made_from_their_parts()
    {
        var settings = SourceSettings.Create("db1", 5433, "shop", "etl", Secret + ";Host=evil", "verify-ca", "/ca.pem");

        var builder = Builder(settings);
        Assert.Equal("db1", builder.Host);
        Assert.Equal(Secret + ";Host=evil", builder.Password);
        Assert.Equal(SslMode.VerifyCA, builder.SslMode);
        Assert.Equal("/ca.pem", builder.RootCertificate);
    }

    [Fact]
    public void No_text_of_settings_holds_the_password()
    {
        foreach (var settings in (SourceSettings[])
            [
                SourceSettings.Parse($"Host=db1;Username=etl;Password={Secret}"),
                SourceSettings.Parse($"postgres://etl:{Secret}@db1/shop"),
                SourceSettings.Create("db1", 5432, "shop", "etl", Secret),
            ])
        {
            Assert.Contains(Secret, settings.ConnectionString, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, settings.ToString(), StringComparison.Ordinal);
            foreach (var property in typeof(SourceSettings).GetProperties())
                Assert.DoesNotContain(Secret, $"{property.GetValue(settings)}", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("s3cr3t-canary")]
    [InlineData("Host=db1;Pasword=s3cr3t-canary")]
    [InlineData("Host=db1;s3cr3t-canary")]
    [InlineData("Host=db1;Port=s3cr3t-canary")]
    [InlineData("Host=db1;SSL Mode=s3cr3t-canary")]
    [InlineData("Username=etl;Password=s3cr3t-canary")]
    [InlineData("host=db1 user=etl password=s3cr3t-canary")]
    [InlineData("postgres://etl:s3cr3t-canary@")]
    [InlineData("postgres://etl:s3cr3t-canary?x@db1/shop")]
    [InlineData("postgres://etl:s3cr3t-canary%zz@db1/shop")]
    [InlineData("postgres://etl:a/s3cr3t-canary@db1/shop")]
    [InlineData("postgres://db1/shop?s3cr3t-canary=1")]
    [InlineData("postgres://db1:s3cr3t-canary/shop")]
    [InlineData("postgres://db1/shop?sslmode=s3cr3t-canary")]
    [InlineData("postgres://[::1/shop")]
    [InlineData("postgres://db1:70000/shop")]
    public void Bad_text_is_refused_and_not_repeated(string text)
    {
        var error = Assert.Throws<EtlException>(() => SourceSettings.Parse(text));

        Assert.Equal(EtlErrorCode.InvalidArgument, error.Code);
        Assert.NotEmpty(error.Remedy);
        Assert.DoesNotContain("canary", error.ToString() + error.Remedy + error.Subject, StringComparison.Ordinal);
    }

    private static NpgsqlConnectionStringBuilder Builder(SourceSettings settings) => new(settings.ConnectionString);
}
