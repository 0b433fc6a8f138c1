using System.Diagnostics;

namespace OrleansJobs.Tests.Packages;

/// <summary>Runs a program to its end.</summary>
internal static class Command
{
    private static readonly TimeSpan AtMost = TimeSpan.FromMinutes(5);

    public static Task<string> DotnetAsync(string folder, params string[] arguments) => RunAsync(folder, "dotnet", [], 0, arguments);

    /// <returns>What it wrote, to either stream.</returns>
    public static async Task<string> RunAsync(string folder, string program, Dictionary<string, string> environment, int exitCode, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // The test runner's own settings are no business of what it starts.
        foreach (var name in (string[])["MSBUILD_EXE_PATH", "MSBuildSDKsPath", "MSBuildExtensionsPath", "ASPNETCORE_URLS"]) start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        // Servers of the build tool would hold on to the temporary folders.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(AtMost, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        var text = string.Concat(await output);
        Assert.True(process.ExitCode == exitCode, $"{program} {string.Join(' ', arguments)}\nended with {process.ExitCode}, not {exitCode}:\n{text}");
        return text;
    }
}
