using System.Net;

namespace OrleansJobs.HttpCalls;

/// <summary>
/// Which addresses may be connected to: public ones, and those of networks that are named. A name's addresses are somebody else's to say, so it is the address that
/// is connected to which counts, and not what the name led to a moment before.
/// </summary>
internal sealed class AddressRules
{
    private static readonly IPNetwork[] Reserved =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            // Public, and from each machine of a large cloud its platform.
            "168.63.129.16/32",
            // Within what is public of IPv6: addresses that stand for others (Teredo, 6to4), and examples.
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ]).Select(text => IPNetwork.Parse(text)),
    ];

    /// <summary>All else of IPv6 is local, reserved, or stands for an address of IPv4.</summary>
    private static readonly IPNetwork PublicV6 = IPNetwork.Parse("2000::/3");

    private readonly List<IPNetwork> _allowed = [];
    private readonly List<IPNetwork> _denied = [];

    /// <param name="allowed">Networks that are named although they are not public.</param>
    /// <param name="denied">Networks that are not to be reached although they are public, or allowed.</param>
    /// <param name="errors">What is wrong with the networks.</param>
    public static AddressRules Parse(IEnumerable<string> allowed, IEnumerable<string>? denied = null, Action<string>? errors = null)
    {
        var rules = new AddressRules();
        Read(allowed, rules._allowed, errors);
        Read(denied ?? [], rules._denied, errors);
        return rules;
    }

    public bool IsAllowed(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return !_denied.Exists(network => network.Contains(address)) && (IsPublic(address) || _allowed.Exists(network => network.Contains(address)));
    }

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily is not (System.Net.Sockets.AddressFamily.InterNetwork or System.Net.Sockets.AddressFamily.InterNetworkV6)) return false;
        if (address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 && !PublicV6.Contains(address)) return false;
        return !Array.Exists(Reserved, network => network.Contains(address));
    }

    private static void Read(IEnumerable<string> texts, List<IPNetwork> into, Action<string>? errors)
    {
        foreach (var text in texts)
        {
            if (IPNetwork.TryParse(text, out var network)) into.Add(network);
            else errors?.Invoke($"'{text}' is no network: it is an address and the length of its prefix, such as 10.1.0.0/16.");
        }
    }
}
