using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>Answers the server's questions for the password.</summary>
internal sealed class WireAuthentication(WireSettings settings, WireTransport transport)
{
    private const int Ok = 0;
    private const int CleartextPassword = 3;
    private const int Md5Password = 5;
    private const int Sasl = 10;
    private const int SaslContinue = 11;
    private const int SaslFinal = 12;

    private ScramSha256? _scram;
    private bool _proved;

    /// <summary>Answers one authentication request; true once the server is content.</summary>
    public bool Answer(ReadOnlySpan<byte> request)
    {
        if (request.Length < sizeof(int))
            throw WireViolation.Error("a request for authentication has no kind");
        var data = request[sizeof(int)..];
        switch (BinaryPrimitives.ReadInt32BigEndian(request))
        {
            case Ok:
                // Whoever skips its own proof after a SCRAM exchange may not know the password.
                return _scram is null || _proved ? true : throw NotProved();
            case CleartextPassword:
                transport.Send(FrontendMessage.Password(Password));
                return false;
            case Md5Password when data.Length == 4:
                transport.Send(FrontendMessage.Password(Md5(data)));
                return false;
            case Sasl:
                StartScram(data);
                return false;
            case SaslContinue when _scram is not null:
                transport.Send(FrontendMessage.SaslResponse(_scram.Answer(Encoding.UTF8.GetString(data))));
                return false;
            case SaslFinal when _scram is not null:
                _proved = _scram.Verify(Encoding.UTF8.GetString(data)) ? true : throw NotProved();
                return false;
            default:
                throw new WireUnsupportedException("The server wants another kind of authentication.");
        }
    }

    private string Password => !string.IsNullOrEmpty(settings.Password)
        ? settings.Password
        : throw new EtlException(
            EtlErrorCode.AuthenticationFailed,
            $"The server asks for a password and none was given ({settings.Database} on "
            + $"{settings.Host}:{settings.Port} as {settings.User}).",
            "Give the password as a credential, or put it into the pgpass file.");

    private void StartScram(ReadOnlySpan<byte> mechanisms)
    {
        var offered = new List<string>();
        while (mechanisms.Length > 0 && mechanisms[0] != 0)
        {
            offered.Add(WireText.Read(mechanisms, out var length));
            mechanisms = mechanisms[length..];
        }

        var binding = ChannelBinding.Choose(offered, transport.Tls)
            ?? throw new WireUnsupportedException("The server offers no SASL mechanism that is known here.");
        _scram = new ScramSha256(binding, Password);
        transport.Send(FrontendMessage.SaslInitialResponse(binding.Mechanism, _scram.First));
    }

    private string Md5(ReadOnlySpan<byte> salt)
    {
        var inner = Hex(Encoding.UTF8.GetBytes(Password + settings.User));
        return "md5" + Hex([.. Encoding.ASCII.GetBytes(inner), .. salt]);

        // Broken as a hash, and what servers with old passwords ask for.
#pragma warning disable CA5351
        static string Hex(byte[] bytes) => Convert.ToHexString(MD5.HashData(bytes)).ToLowerInvariant();
#pragma warning restore CA5351
    }

    private EtlException NotProved() => new(
        EtlErrorCode.AuthenticationFailed,
        $"The server at {settings.Host}:{settings.Port} did not show that it knows the password of {settings.User}.",
        "Make sure that the address is the right server's: another one may answer in its place.");
}
