using System.Globalization;

namespace OrleansJobs.Bench.Processes;

/// <summary>What Linux says of a process and its children.</summary>
internal static class ProcessFacts
{
    // USER_HZ, fixed at 100 on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>The process and all that came from it.</summary>
    public static IReadOnlyList<int> Tree(int process)
    {
        var parents = new Dictionary<int, int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out var id) && Stat(id) is { } stat) parents[id] = int.Parse(stat[1], CultureInfo.InvariantCulture);
        }

        List<int> tree = [process];
        for (var i = 0; i < tree.Count; i++) tree.AddRange(parents.Where(pair => pair.Value == tree[i]).Select(pair => pair.Key));
        return tree;
    }

    /// <summary>Processor seconds used so far, by the process and its children.</summary>
    public static double CpuSeconds(int process) =>
        Tree(process).Sum(id => Stat(id) is { } stat ? (double.Parse(stat[11], CultureInfo.InvariantCulture) + double.Parse(stat[12], CultureInfo.InvariantCulture)) / TicksPerSecond : 0);

    /// <summary>Whether it runs: one that has ended and that nobody has asked about yet does not.</summary>
    public static bool IsAlive(int process) => Stat(process) is { } stat && stat[0] is not ("Z" or "X");

    /// <summary>Resident bytes now, of the process and its children.</summary>
    public static long ResidentBytes(int process) => Tree(process).Sum(id =>
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) << 10;
        }
        catch (IOException)
        {
            return 0;
        }
    });

    /// <summary>The fields behind the name, which may hold spaces: state, parent, ...; null where the process is gone.</summary>
    private static string[]? Stat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
