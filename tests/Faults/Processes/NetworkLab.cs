using System.Diagnostics;

namespace OrleansJobs.Faults.Processes;

/// <summary>
/// Hosts of their own on one bridge: network namespaces that this run makes and removes. To cut two of them apart, each is given a wrong
/// hardware address for the other, so that packets vanish both ways as in a cut cable and no connection is told.
/// </summary>
internal sealed class NetworkLab : IDisposable
{
    private const string Nowhere = "02:00:00:00:00:99";
    private readonly string _prefix = $"oj{Random.Shared.Next(0x1000, 0xffff):x}";
    private readonly int _subnet = Random.Shared.Next(16, 250);
    private readonly List<string> _hosts = [];

    /// <summary>The bridge's own address: where the driver is, and whatever runs outside the namespaces.</summary>
    public LabHost Outside => new(null, $"10.213.{_subnet}.1");

    /// <summary>Null where namespaces can be made here; otherwise why not.</summary>
    public static string? WhyNot()
    {
        var probe = $"ojp{Random.Shared.Next(0x1000, 0xffff):x}";
        if (TryRun(["netns", "add", probe]) is { } error) return $"network namespaces cannot be made here: {error}";
        var link = TryRun(["link", "add", $"{probe}a", "type", "veth", "peer", "name", $"{probe}b", "netns", probe]);
        TryRun(["netns", "del", probe]);
        return link is null ? null : $"virtual links cannot be made here: {link}";
    }

    public NetworkLab()
    {
        Run(["link", "add", Bridge, "type", "bridge"]);
        Run(["addr", "add", $"{Outside.Address}/24", "dev", Bridge]);
        Run(["link", "set", Bridge, "up"]);
    }

    private string Bridge => $"{_prefix}br";

    public LabHost AddHost()
    {
        var index = _hosts.Count + 2;
        var space = $"{_prefix}h{index}";
        var address = AddressOf(index);
        Run(["netns", "add", space]);
        _hosts.Add(space);
        Run(["link", "add", $"{_prefix}v{index}", "type", "veth", "peer", "name", "eth0", "netns", space]);
        Run(["link", "set", $"{_prefix}v{index}", "master", Bridge]);
        Run(["link", "set", $"{_prefix}v{index}", "up"]);
        Run(["-n", space, "addr", "add", $"{address}/24", "dev", "eth0"]);
        Run(["-n", space, "link", "set", "eth0", "up"]);
        Run(["-n", space, "link", "set", "lo", "up"]);
        return new LabHost(space, address);
    }

    /// <summary>From now on nothing gets from one to the other, either way.</summary>
    public void Cut(LabHost one, LabHost other)
    {
        Run([.. Neighbour(one, "replace", other.Address), "lladdr", Nowhere, "nud", "permanent"]);
        Run([.. Neighbour(other, "replace", one.Address), "lladdr", Nowhere, "nud", "permanent"]);
    }

    public void Heal(LabHost one, LabHost other)
    {
        Run(Neighbour(one, "del", other.Address));
        Run(Neighbour(other, "del", one.Address));
    }

    public void Dispose()
    {
        foreach (var host in _hosts) TryRun(["netns", "del", host]);
        TryRun(["link", "del", Bridge]);
    }

    private string[] Neighbour(LabHost host, string verb, string address) => host.Namespace is null
        ? ["neigh", verb, address, "dev", Bridge]
        : ["-n", host.Namespace, "neigh", verb, address, "dev", "eth0"];

    private string AddressOf(int index) => $"10.213.{_subnet}.{index}";

    private static void Run(string[] arguments)
    {
        if (TryRun(arguments) is { } error) throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {error}");
    }

    private static string? TryRun(string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return exception.Message;
        }
    }
}

/// <param name="Namespace">Null: outside of all of them, where the driver is.</param>
internal sealed record LabHost(string? Namespace, string Address);
