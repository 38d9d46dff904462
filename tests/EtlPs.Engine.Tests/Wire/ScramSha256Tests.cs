using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Wire;

namespace EtlPs.Engine.Tests.Wire;

public sealed class ScramSha256Tests
{
    private const string ServerFirst =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    [Fact]
    public void The_example_of_RFC_7677_comes_out()
    {
        var scram = Exchange();

        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", scram.First);
        Assert.Equal(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            scram.Answer(ServerFirst));
        Assert.True(scram.Verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    }

    [Fact]
    public void A_server_that_does_not_know_the_password_is_found_out()
    {
        var scram = Exchange();

        Assert.False(scram.Verify("v="));
        scram.Answer(ServerFirst);
        Assert.False(scram.Verify("v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        Assert.False(scram.Verify("e=other-error"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=*,i=4096")]
    public void A_first_message_of_another_form_is_a_violation(string message) =>
        Assert.Equal(
            EtlErrorCode.ProtocolViolation, Assert.Throws<EtlException>(() => Exchange().Answer(message)).Code);

    private static ScramSha256 Exchange() =>
        new(ChannelBinding.Choose([ChannelBinding.Plain], null)!, "pencil", "rOprNGfwEbeRWgbNEkqO", "user");
}
