using System.Diagnostics;
using System.Text.Json;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Faults;

/// <summary>Runs the fault driver as people do, and reads the JSON object on its last line.</summary>
internal static class Driver
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    public static async Task<(int ExitCode, JsonElement Counted)> RunAsync(ITestOutputHelper output, params string[] arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "OrleansJobs.Faults.dll");
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var log = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Deadline, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            output.WriteLine(await log);
        }

        var last = (await said).Split('\n', StringSplitOptions.RemoveEmptyEntries).Last();
        return (process.ExitCode, JsonDocument.Parse(last).RootElement);
    }
}
