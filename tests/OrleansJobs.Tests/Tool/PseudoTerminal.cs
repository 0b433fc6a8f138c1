using System.Text.Json;
using OrleansJobs.Tests.Clients;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Tool;

/// <summary>Runs a program as somebody would who sits before a terminal.</summary>
internal static class PseudoTerminal
{
    /// <summary>The tool as it is installed, to be found in the path.</summary>
    public static Dictionary<string, string> Environment(string configuration = "/nonexistent") => new()
    {
        ["PATH"] = $"{AppContext.BaseDirectory.TrimEnd('/')}:{System.Environment.GetEnvironmentVariable("PATH")}",
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../..")),
        ["TERM"] = "xterm-256color",
        ["XDG_CONFIG_HOME"] = configuration,
        ["HOME"] = configuration,
        ["ORLEANSJOBS_URL"] = "", ["ORLEANSJOBS_KEY"] = "", ["ORLEANSJOBS_PROFILE"] = "",
        ["no_proxy"] = "127.0.0.1,localhost",
    };

    /// <param name="steps">What is to be seen, as a regular expression, and what is typed then.</param>
    /// <returns>All that came; how the program ended; and whether it left the terminal as it was.</returns>
    public static async Task<(string Output, int Code, bool IsRestored)> RunAsync(string[] program, Dictionary<string, string> environment, params (string Expect, string Type)[] steps)
    {
        var task = JsonSerializer.Serialize(new { argv = program, rows = 30, cols = 100, steps = steps.Select(step => new[] { step.Expect, step.Type }) });
        var output = await Command.RunAsync(Path.GetTempPath(), PythonPackage.Python, environment, 0, Repository.PathOf("tests/OrleansJobs.Tests/Tool/terminal.py"), task);
        var end = output.TrimEnd().LastIndexOf('\n');
        var last = output.TrimEnd()[(end + 1)..].Split(' ');
        return (output[..end], int.Parse(last[0], System.Globalization.CultureInfo.InvariantCulture), last[1] == "same");
    }
}
