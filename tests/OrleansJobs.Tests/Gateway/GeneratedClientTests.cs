using System.ComponentModel;
using System.Diagnostics;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Gateway;

/// <summary>
/// Makes a client from the gateway's own description with a public generator, checks its types, and uses every operation of it against the
/// running gateway. Needs node and npm's registry; leave it out with <c>--filter Category!=Npm</c>.
/// </summary>
public sealed class GeneratedClientTests(GridHost grid) : IClassFixture<GridHost>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Fact]
    [Trait("Category", "Npm")]
    public async Task AClientMadeFromTheDescription_Works()
    {
        var folder = Directory.CreateTempSubdirectory("orleansjobs-client-").FullName;
        try
        {
            foreach (var file in new[] { "package.json", "check.ts" })
                File.Copy(Repository.PathOf($"tests/OrleansJobs.Tests/Gateway/GeneratedClient/{file}"), Path.Combine(folder, file));
            await File.WriteAllBytesAsync(Path.Combine(folder, "openapi.json"), await grid.Http.GetByteArrayAsync("/openapi/v1.json"));

            await RunAsync(folder, "npm install --no-audit --no-fund --no-package-lock", "The generator could not be installed: this test needs npm and its registry (leave it out with --filter Category!=Npm).");
            await RunAsync(folder, "npm run generate", "The generator refuses the description.");
            await RunAsync(folder, "npm run types", "The generated types do not fit what is sent.");
            await RunAsync(folder, "npm run bundle", "The client cannot be bundled.");
            Assert.Contains("The generated client works.", await RunAsync(folder, $"node check.mjs {grid.Address.GetLeftPart(UriPartial.Authority)}", "The generated client does not work."));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> RunAsync(string folder, string command, string complaint)
    {
        var start = new ProcessStartInfo("bash", ["-c", command + " 2>&1"]) { WorkingDirectory = folder, RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new Win32Exception("bash does not start.");
        using var patience = new CancellationTokenSource(Patience);
        var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        Assert.True(process.ExitCode == 0, $"{complaint}\n{command}\n{output}");
        return output;
    }
}
