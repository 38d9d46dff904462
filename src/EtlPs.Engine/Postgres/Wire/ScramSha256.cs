using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>The client's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677).</summary>
internal sealed class ScramSha256
{
    // Postgres's default is 4,096. More than this would keep the client busy for minutes, at the word of a server that
    // has proved nothing yet.
    private const int MostIterations = 10_000_000;

    private readonly ChannelBinding _binding;
    private readonly string _password;
    private readonly string _nonce;
    private byte[]? _serverSignature;

    /// <param name="binding">What the exchange is tied to.</param>
    /// <param name="password">As the user gave it.</param>
    /// <param name="nonce">For tests alone; null: random.</param>
    /// <param name="user">For tests alone: Postgres takes the user from the startup message.</param>
    public ScramSha256(ChannelBinding binding, string password, string? nonce = null, string user = "")
    {
        _binding = binding;
        // What SASLprep comes to for nearly every password; the same as Npgsql does.
        _password = password.Normalize(NormalizationForm.FormKC);
        _nonce = nonce ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
        FirstBare = $"n={user},r={_nonce}";
    }

    /// <summary>The first message.</summary>
    public string First => _binding.Header + FirstBare;

    private string FirstBare { get; }

    /// <summary>The answer to the server's first message.</summary>
    public string Answer(string serverFirst)
    {
        var fields = serverFirst.Split(',');
        if (fields.Length < 3 || !fields[0].StartsWith("r=" + _nonce, StringComparison.Ordinal)
            || !fields[1].StartsWith("s=", StringComparison.Ordinal)
            || !fields[2].StartsWith("i=", StringComparison.Ordinal)
            || !int.TryParse(fields[2].AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < 1 or > MostIterations)
            throw WireViolation.Error("its part of the password exchange has another form");
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            _password, FromBase64(fields[1][2..]), iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var final = $"c={_binding.Data},{fields[0]}";
        var signed = Encoding.UTF8.GetBytes($"{FirstBare},{serverFirst},{final}");
        var proof = HMACSHA256.HashData(SHA256.HashData(clientKey), signed);
        for (var i = 0; i < proof.Length; i++)
            proof[i] ^= clientKey[i];
        _serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), signed);
        return $"{final},p={Convert.ToBase64String(proof)}";
    }

    /// <summary>Whether the server's last message shows that it knows the password too.</summary>
    public bool Verify(string serverFinal) =>
        _serverSignature is not null && serverFinal.StartsWith("v=", StringComparison.Ordinal)
        && CryptographicOperations.FixedTimeEquals(FromBase64(serverFinal[2..].Split(',')[0]), _serverSignature);

    private static byte[] FromBase64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw WireViolation.Error("its part of the password exchange has another form");
        }
    }
}
