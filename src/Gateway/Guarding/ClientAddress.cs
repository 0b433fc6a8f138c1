using System.Net;
using System.Net.Sockets;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>What counts as one address. Whoever has one of IPv6 has the 2^64 of its network.</summary>
internal static class ClientAddress
{
    private const int NetworkBytes = 8;

    public static string NameOf(IPAddress? address)
    {
        if (address is null) return "none";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address)) return address.ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
