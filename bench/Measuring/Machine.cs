using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansJobs.Bench.Measuring;

/// <summary>What a figure was measured on, without which it means little.</summary>
internal sealed record Machine(string Processor, int Cores, int MemoryGiB, string Kernel, string Runtime)
{
    public static Machine Here() => new(
        ReadField("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        (int)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription);

    /// <summary>The revision that is measured; "unknown" outside a clone.</summary>
    public static string Commit()
    {
        try
        {
            var start = new ProcessStartInfo("git", "describe --always --dirty --abbrev=10") { RedirectStandardOutput = true, RedirectStandardError = true };
            using var git = Process.Start(start)!;
            var commit = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? commit : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }

    private static string? ReadField(string path, string name) =>
        File.Exists(path) ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() : null;
}
