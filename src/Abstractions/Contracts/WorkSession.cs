using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs;

/// <summary>
/// The name of a session of a worker outside of the silos. It says, to those who know the caller, whose it is, so that no gateway has to remember it; and
/// partitions keep it with a lease as the address of a silo that there cannot be: one of a private network, with port 0.
/// </summary>
internal static class WorkSession
{
    private const string Prefix = "w-";
    private const int RandomBytes = 10;
    private const int OwnerBytes = 5;
    private const int AddressBytes = 16;
    private const byte PrivateNetwork = 0xfd;

    /// <summary>A name that nobody has, and nobody guesses.</summary>
    public static string New(string owner)
    {
        var random = RandomNumberGenerator.GetBytes(RandomBytes);
        return NameOf(random, owner);
    }

    /// <summary>Whether this caller opened it.</summary>
    public static bool IsOf(string session, string owner) =>
        TryParse(session, out var bytes) && NameOf(bytes.AsSpan(0, RandomBytes), owner) == session;

    public static SiloAddress AddressOf(string session)
    {
        if (!TryParse(session, out var bytes)) throw new ArgumentException("That is no session.", nameof(session));
        return SiloAddress.New(new IPAddress([PrivateNetwork, .. bytes]), 0, 1);
    }

    public static bool IsSession(SiloAddress worker) => worker.Endpoint.Port == 0;

    public static string NameOf(SiloAddress worker) => Prefix + Convert.ToHexStringLower(worker.Endpoint.Address.GetAddressBytes().AsSpan(1));

    private static string NameOf(ReadOnlySpan<byte> random, string owner)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. random, .. Encoding.UTF8.GetBytes(owner)], hash);
        return Prefix + Convert.ToHexStringLower(random) + Convert.ToHexStringLower(hash[..OwnerBytes]);
    }

    private static bool TryParse(string session, out byte[] bytes)
    {
        bytes = new byte[AddressBytes - 1];
        return session.Length == Prefix.Length + (bytes.Length * 2) && session.StartsWith(Prefix, StringComparison.Ordinal)
            && !session.AsSpan(Prefix.Length).ContainsAnyInRange('A', 'F')
            && Convert.FromHexString(session.AsSpan(Prefix.Length), bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    /// <summary>As it stands in statuses and histories.</summary>
    public static string? Display(string? silo)
    {
        // Cheap for what nearly all are: the address of a silo.
        if (silo is null || !silo.Contains(":0@", StringComparison.Ordinal)) return silo;
        return SiloAddress.FromParsableString(silo) is var worker && IsSession(worker) ? NameOf(worker) : silo;
    }
}
